import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { warmed } from "../api/shells/place.js";
import { startOnAgent } from "../api/start-agent.js";
import { startServer } from "../api/start-server.js";
import { ApiClient } from "../api/suite/client.js";
import { type ServerProcess, startServerProcess } from "./server-process.js";

/** Prints how many loops of warm sessions there are, how many processes that wait to become a command, and their pipes. */
const look = `loops=0 waiting=0
for each in /proc/[0-9]*; do
  words=(); mapfile -d "" -t words <$each/cmdline
  [[ \${words[5]} == poseidon && \${words[4]} == *@(loop_pipes|unguard)"()"* ]] && ((++loops))
  [[ \${words[*]} == *"take_words 9"*waiting* && \${words[5]} != poseidon ]] && ((++waiting))
done 2>/dev/null
echo $loops $waiting $(ls -A /tmp | grep -c -e loop_ -e handover_)`;

/** What is left of warm sessions (runner-shell.md, "Opening and closing"). Long: a loop waits 30 s for its server. */
describe("a server that is killed while nothing runs", () => {
  const id = 2_300;
  let target: ServerProcess;
  let client: ApiClient;
  let nomad: Parameters<typeof startServer>[0];

  beforeAll(async () => {
    target = await startOnAgent(
      id,
      {},
      {
        start: async (...options: Parameters<typeof startServerProcess>) => {
          [nomad] = options;
          return startServerProcess(...options);
        },
      },
    );
    client = new ApiClient(target);
  });
  afterAll(async () => {
    await client.close();
    await target.stop();
  });

  it("leaves nothing of its loops in a warm runner 60 s later", async () => {
    await client.put(id, { memoryLimit: 256 });
    const runner = await client.claim(id);
    const left = async (by: ApiClient): Promise<string> => {
      const environment = { TEXT: look };
      return (await by.run(runner, { command: 'eval "unset TEXT;$TEXT"', environment })).stdout;
    };
    await warmed(client, runner);
    // One process waits while the look itself takes the plain path.
    await expect.poll(() => left(client), { timeout: 20_000 }).toMatch(/^2 [01] 0\r\n$/);
    await target.kill();
    // Without warm runners: whatever is there is the other one's.
    const second = await startServer({ ...nomad, POSEIDON_NOMAD_WARM: "0" }, target);
    const other = new ApiClient(second);
    try {
      await expect.poll(() => left(other), { timeout: 60_000, interval: 1_000 }).toBe("0 0 0\r\n");
      expect((await other.run(runner, { command: "exit 3" })).last).toEqual({ type: "exit", data: 3 });
      await other.call("DELETE", `/execution-environments/${id}`);
    } finally {
      await other.close();
      await second.stop();
    }
  });
});
