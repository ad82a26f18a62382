import { WebSocket } from "ws";
import { z } from "zod";
import { deferred } from "../../lib/deferred.js";
import { DemoError } from "./errors.js";

const start = z.object({ type: z.literal("start") });
const output = z.object({ type: z.enum(["stdout", "stderr"]), data: z.string() });
/** The server's messages (execution.md). */
const message = z.discriminatedUnion("type", [
  start,
  output,
  z.object({ type: z.literal("exit"), data: z.number() }),
  z.object({ type: z.literal("timeout") }),
  z.object({ type: z.literal("error"), data: z.string() }),
]);
type Start = z.output<typeof start>;
type Output = z.output<typeof output>;

/** How an execution ended: its exit code, or why there is none. */
export type ExecutionEnd = { readonly exitCode: number } | { readonly failure: string };

/** A running execution, over its WebSocket. */
export interface DemoExecution {
  /** Resolves when the program runs. */
  readonly started: Promise<void>;
  /** Resolves with the first output, or with the end. */
  readonly spoke: Promise<void>;
  readonly ended: Promise<ExecutionEnd>;
  /** Sends input; `onSent` follows when the connection took it. After the end it does nothing. */
  write(data: Buffer | string, onSent?: () => void): void;
}

/** Opens an execution. Aborting the signal ends the program as a client does that goes away. */
export function openExecution(options: {
  readonly url: string;
  readonly token: string;
  readonly onOutput: (stream: "stdout" | "stderr", text: string) => void;
  readonly signal: AbortSignal;
}): DemoExecution {
  const { url, token, onOutput, signal } = options;
  const socket = new WebSocket(url, {
    headers: { "poseidon-token": token },
    perMessageDeflate: false,
    handshakeTimeout: 10_000,
  });
  const started = deferred();
  const spoke = deferred();
  const ended = deferred<ExecutionEnd>();
  const abort = (): void => socket.terminate();
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();

  socket.on("message", (data) => {
    const event = parseMessage(String(data));
    if (event === undefined) ended.reject(new DemoError("the server sent a message of no known form"));
    else if (!("type" in event)) ended.resolve(event);
    else if (event.type === "start") started.resolve();
    else {
      spoke.resolve();
      onOutput(event.type, event.data);
    }
  });
  socket.on("error", (error) =>
    ended.reject(new DemoError(`the execution's WebSocket failed: ${error.message}`)),
  );
  socket.on("close", (code) => {
    signal.removeEventListener("abort", abort);
    started.resolve();
    spoke.resolve();
    ended.reject(
      signal.aborted ? signal.reason : new DemoError(`the WebSocket was closed without an end (${code})`),
    );
  });
  ended.promise.catch(() => undefined);

  return {
    started: started.promise,
    spoke: spoke.promise,
    ended: ended.promise,
    write(data, onSent) {
      if (socket.readyState === WebSocket.OPEN) socket.send(data, { binary: true }, () => onSent?.());
    },
  };
}

function parseMessage(text: string): Start | Output | ExecutionEnd | undefined {
  const { success, data } = message.safeParse(parseJson(text));
  if (!success) return undefined;
  switch (data.type) {
    case "exit":
      return { exitCode: data.data };
    case "timeout":
      return { failure: "its time was over" };
    case "error":
      return { failure: data.data };
    default:
      return data;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
