import WebSocket from "ws";
import type { Connections, LoadTarget } from "./connections.js";
import { type Paced, paced } from "./paced.js";

/** More at a time would wait for connections to Nomad. */
const MOST = 12;

/** What an execution sent, in one text: its output, then the end. */
type Outcome = { readonly text: string } | { readonly unknown: true };

/**
 * Runs a command in the given runners in turn, at a rate, and compares all that comes. `forgotten` tells how often a prepared execution was unknown to the server
 * that was to open it (another one than had prepared it): such a one is prepared again, as a client has to.
 */
export function executionLoad(
  connections: Connections,
  options: { readonly target: LoadTarget; readonly runners: readonly string[]; readonly rate: number },
): Paced & { readonly forgotten: () => number } {
  const { target, runners, rate } = options;
  let turn = 0;
  let forgotten = 0;
  const load = paced({ rate, most: MOST }, async () => {
    turn += 1;
    const number = turn;
    const runner = runners[number % runners.length];
    const body = { command: `echo ${number}; exit ${number % 100}`, timeLimit: 60 };
    const prepare = async () => {
      const text = await connections.call("POST", `/runners/${runner}/execute`, { expected: 200, body });
      return (JSON.parse(text) as { websocketUrl: string }).websocketUrl;
    };
    let outcome = await open(await prepare(), target);
    if ("unknown" in outcome) {
      forgotten += 1;
      outcome = await open(await prepare(), target);
    }
    const expected = `start;stdout ${number}\r\n;exit ${number % 100};1000`;
    if (!("text" in outcome) || outcome.text !== expected)
      throw new Error(`execution ${number}: ${JSON.stringify(outcome)}`);
  });
  return Object.assign(load, { forgotten: () => forgotten });
}

function open(url: string, { token, ca }: LoadTarget): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, {
      headers: { "Poseidon-Token": token },
      ...(ca && { ca: [...ca] }),
    });
    const parts: string[] = [];
    let output = "";
    socket.on("message", (raw) => {
      const { type, data } = JSON.parse(String(raw)) as { type: string; data?: string | number };
      // Output may come in pieces.
      if (type === "stdout") output += data;
      else parts.push(data === undefined ? type : `${type} ${data}`);
    });
    socket.on("unexpected-response", (_, response) => {
      let body = "";
      response.on("data", (chunk) => (body += chunk));
      response.on("end", () => {
        if (response.statusCode === 404 && body.includes("execution id unknown")) resolve({ unknown: true });
        else reject(new Error(`WebSocket: ${response.statusCode} ${body}`));
      });
    });
    socket.on("error", reject);
    socket.on("close", (code) =>
      resolve({ text: [parts[0], `stdout ${output}`, ...parts.slice(1), code].join(";") }),
    );
  });
}
