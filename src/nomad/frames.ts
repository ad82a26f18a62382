import { execOutputSchema } from "./schemas.js";
import type { ExecInputFrame } from "./wire.js";

/** What one message of an exec session says; nothing of it for a heartbeat or the end of one stream. */
export interface ExecOutput {
  readonly stdout?: Buffer;
  readonly stderr?: Buffer;
  /** The process ended with this code, and this is the last message. */
  readonly exitCode?: number;
}

/** A message of an exec session that cannot be read. Its text holds nothing of the message. */
export class FrameError extends Error {
  constructor() {
    super("Nomad sent an exec message that cannot be read");
    this.name = "FrameError";
  }
}

const quote = 0x22;
const stdoutStart = Buffer.from('{"stdout":{"data":"');
const stderrStart = Buffer.from('{"stderr":{"data":"');
const dataEnd = Buffer.from('"}}');

/** Decodes a message from Nomad. Throws FrameError. */
export function decodeExecOutput(message: Buffer): ExecOutput {
  // Nearly all messages are one piece of data, up to 1 KiB each: these are decoded without a parser.
  const stdout = onlyData(message, stdoutStart);
  if (stdout !== undefined) return { stdout };
  const stderr = onlyData(message, stderrStart);
  if (stderr !== undefined) return { stderr };
  return parseOutput(message);
}

/** Input for the process, as one message. */
export function encodeInput(data: Buffer): string {
  return `{"stdin":{"data":"${data.toString("base64")}"}}`;
}

/** The message that ends the process's input. */
export const endOfInput = JSON.stringify({ stdin: { close: true } } satisfies ExecInputFrame);

/** The message that says we are there. */
export const heartbeat = "{}";

/** The data of a message that is nothing but `start`, base64 and `"}}`; undefined for every other message. */
function onlyData(message: Buffer, start: Buffer): Buffer | undefined {
  const end = message.length - dataEnd.length;
  const length = end - start.length;
  if (length < 0 || length % 4 !== 0) return undefined;
  if (message.compare(start, 0, start.length, 0, start.length) !== 0) return undefined;
  if (message.indexOf(quote, start.length) !== end) return undefined;
  if (message.compare(dataEnd, 0, dataEnd.length, end) !== 0) return undefined;
  const data = Buffer.from(message.toString("latin1", start.length, end), "base64");
  // Node skips what is not base64; the length tells. Escapes and the like are left to the parser.
  return data.length === decodedLength(message, start.length, end) ? data : undefined;
}

function decodedLength(message: Buffer, start: number, end: number): number {
  const padding = 0x3d;
  if (end === start) return 0;
  const missing = message[end - 1] !== padding ? 0 : message[end - 2] !== padding ? 1 : 2;
  return ((end - start) / 4) * 3 - missing;
}

function parseOutput(message: Buffer): ExecOutput {
  let parsed: unknown;
  try {
    parsed = JSON.parse(message.toString("utf8"));
  } catch {
    throw new FrameError();
  }
  const result = execOutputSchema.safeParse(parsed);
  if (!result.success) throw new FrameError();
  const { stdout, stderr, exited, result: exit } = result.data;
  return {
    ...(stdout?.data && { stdout: Buffer.from(stdout.data, "base64") }),
    ...(stderr?.data && { stderr: Buffer.from(stderr.data, "base64") }),
    // Exit code 0 is an empty result; without any result it is not an exit.
    ...(exited && exit && { exitCode: exit.exit_code ?? 0 }),
  };
}
