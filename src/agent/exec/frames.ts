import type { ExecInputFrame } from "../../nomad/wire.js";

/** Nomad's frames carry at most 1 KiB of output (recordings). */
export const FRAME_PAYLOAD = 1_024;

/** The messages for a chunk of output. */
export function* outputFrames(stream: "stdout" | "stderr", chunk: Buffer): Generator<string> {
  for (let start = 0; start < chunk.length; start += FRAME_PAYLOAD) {
    const data = chunk.toString("base64", start, Math.min(start + FRAME_PAYLOAD, chunk.length));
    yield `{"${stream}":{"data":"${data}"}}`;
  }
}

/** That a stream of output has ended. */
export function closeFrame(stream: "stdout" | "stderr"): string {
  return `{"${stream}":{"close":true}}`;
}

/** The last message of a session; exit code 0 is left out of it, as Nomad does. */
export function exitedFrame(exitCode: number): string {
  return exitCode === 0
    ? '{"exited":true,"result":{}}'
    : `{"exited":true,"result":{"exit_code":${exitCode}}}`;
}

/** What a client's message asks for. A heartbeat is `{}`. */
export interface ExecInput {
  readonly data?: Buffer;
  readonly isEnd?: boolean;
  readonly size?: { readonly height: number; readonly width: number };
}

/**
 * Reads a client's message. Data beside an end of input is dropped, as Nomad 1.10.5 does (contract suite).
 * @throws SyntaxError when it is no JSON object
 */
export function parseInputFrame(text: string): ExecInput {
  const frame = JSON.parse(text) as ExecInputFrame | null;
  if (typeof frame !== "object" || frame === null) throw new SyntaxError("expected a JSON object");
  const { stdin, tty_size: size } = frame;
  const isEnd = stdin?.close === true;
  const data = typeof stdin?.data === "string" && stdin.data !== "" && !isEnd ? stdin.data : undefined;
  return {
    ...(data === undefined ? {} : { data: Buffer.from(data, "base64") }),
    ...(isEnd ? { isEnd } : {}),
    ...(typeof size?.height === "number" && typeof size.width === "number"
      ? { size: { height: size.height, width: size.width } }
      : {}),
  };
}
