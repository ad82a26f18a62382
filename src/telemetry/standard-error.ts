import { pino } from "pino";

/** Where log lines go. Each `write` is one whole line with its end. */
export interface LogDestination {
  write(line: string): void;
}

/** Bytes kept for a standard error that takes nothing more; further lines are dropped. */
const UNWRITTEN_LIMIT = 1_048_576;

let shared: LogDestination | undefined;

/**
 * Standard error, written before `write` returns, so that nothing is lost when the process ends. A full pipe is waited for; one that
 * nobody reads any more loses the lines and nothing else.
 */
export function standardError(): LogDestination {
  if (shared === undefined) {
    const stream = pino.destination({ dest: 2, sync: true, maxLength: UNWRITTEN_LIMIT });
    stream.on("error", () => undefined);
    shared = stream;
  }
  return shared;
}
