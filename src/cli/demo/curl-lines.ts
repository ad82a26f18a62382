/** What the curl lines talk to. */
export interface CurlTarget {
  /** `http://127.0.0.1:7200/api/v1` */
  readonly base: string;
  readonly token: string;
  readonly environmentId: number;
  readonly runnerId: string;
}

/** Lines for a shell, each with a word of explanation; they carry the token, so that each works when it is pasted. */
export function curlLines({ base, token, environmentId, runnerId }: CurlTarget): readonly string[] {
  const curl = `curl -s -H "Poseidon-Token: ${token}"`;
  const runner = `${base}/runners/${runnerId}`;
  const content = Buffer.from("echo Hello again\n").toString("base64");
  const url = `$(${curl} ${runner}/execute -d '{"command":"bash ./again.sh"}' | sed 's/.*"ws:\\([^"]*\\)".*/http:\\1/')`;
  const upgrade = [
    '-H "Connection: Upgrade" -H "Upgrade: websocket" -H "Sec-WebSocket-Version: 13"',
    '-H "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="',
  ].join(" ");
  return [
    "# The pools",
    `${curl} ${base}/statistics/execution-environments`,
    "# Claim another runner",
    `${curl} ${base}/runners -d '{"executionEnvironmentId":${environmentId},"inactivityTimeout":600}'`,
    "# Copy a file into the runner of this demo, list its files, read one back",
    `${curl} -X PATCH ${runner}/files -d '{"copy":[{"path":"again.sh","content":"${content}"}]}'`,
    `${curl} "${runner}/files?path=./"`,
    `${curl} "${runner}/files/raw?path=again.sh"`,
    "# Run it; curl shows the WebSocket's messages as they come",
    `${curl} -N --max-time 2 ${upgrade} "${url}"; echo`,
    "# Give the runner back",
    `${curl} -X DELETE ${runner}`,
  ];
}
