import { WebSocket } from "ws";
import type { BenchClient } from "./client.js";

/** When what happened to an execution, ms after its POST was sent. */
export interface ExecutionTimes {
  /** The POST was answered. */
  readonly answered: number;
  /** The WebSocket's `start` was there. */
  readonly started: number;
  /** The first output; undefined when there was none. */
  readonly firstOutput: number | undefined;
  /** `exit`. */
  readonly ended: number;
}

/** An execution that ended with an exit code. */
export interface ExecutionResult {
  readonly times: ExecutionTimes;
  readonly exitCode: number;
  /** Characters of stdout and stderr. */
  readonly outputLength: number;
}

/** What to run. */
export interface ExecutionOptions {
  /** Exit code that is expected; another one throws. */
  readonly exitCode?: number;
  readonly onOutput?: (data: string) => void;
  /** Seconds; ends what hangs. */
  readonly timeLimit?: number;
}

interface Message {
  readonly type: "start" | "stdout" | "stderr" | "exit" | "timeout" | "error";
  readonly data?: string | number;
}

/** Prepares an execution; the result is the URL of its WebSocket. */
export async function prepare(
  client: BenchClient,
  runnerId: string,
  command: string,
  timeLimit = 60,
): Promise<string> {
  const body = JSON.stringify({ command, timeLimit });
  const answer: unknown = JSON.parse(
    String(await client.call("POST", `/api/v1/runners/${runnerId}/execute`, { body })),
  );
  return (answer as { readonly websocketUrl: string }).websocketUrl;
}

/** Opens the WebSocket of a prepared execution. */
export function connect(client: BenchClient, url: string): WebSocket {
  const headers = { "poseidon-token": client.address.token };
  return new WebSocket(url, { headers, perMessageDeflate: false, handshakeTimeout: 30_000 });
}

/** Runs one command from the POST to `exit`. Throws unless it ends with the expected exit code. */
export async function execute(
  client: BenchClient,
  runnerId: string,
  command: string,
  options: ExecutionOptions = {},
): Promise<ExecutionResult> {
  const { exitCode: expected = 0, onOutput, timeLimit } = options;
  const start = performance.now();
  const url = await prepare(client, runnerId, command, timeLimit);
  const answered = performance.now() - start;
  const result = await new Promise<ExecutionResult>((resolve, reject) => {
    const socket = connect(client, url);
    let started = Number.NaN;
    let firstOutput: number | undefined;
    let outputLength = 0;
    socket.on("message", (raw) => {
      const { type, data } = JSON.parse(String(raw)) as Message;
      const now = performance.now() - start;
      if (type === "start") started = now;
      else if (type === "stdout" || type === "stderr") {
        firstOutput ??= now;
        outputLength += String(data).length;
        onOutput?.(String(data));
      } else if (type === "exit") {
        const times = { answered, started, firstOutput, ended: now };
        resolve({ times, exitCode: Number(data), outputLength });
      } else reject(new Error(`the execution ended with ${type} ${data ?? ""}`.trimEnd()));
    });
    socket.on("error", reject);
    socket.on("close", (code) => reject(new Error(`the WebSocket was closed without an end (${code})`)));
  });
  if (result.exitCode !== expected)
    throw new Error(`${command.slice(0, 40)} ended with exit code ${result.exitCode}`);
  return result;
}
