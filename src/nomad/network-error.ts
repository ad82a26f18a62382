import { DeadlineError } from "../lib/with-deadline.js";
import { NomadError } from "./errors.js";

/** What the usual failures of a connection are called in messages; those name no address. */
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EPIPE: "connection reset",
  UND_ERR_SOCKET: "connection lost",
  ENOTFOUND: "its name is unknown",
  EAI_AGAIN: "its name cannot be looked up",
  ETIMEDOUT: "no connection in time",
  UND_ERR_CONNECT_TIMEOUT: "no connection in time",
  UND_ERR_HEADERS_TIMEOUT: "no answer in time",
  UND_ERR_BODY_TIMEOUT: "it fell silent",
  EHOSTUNREACH: "no route to it",
  ENETUNREACH: "no route to it",
};

/** Node's or undici's code of a failed connection, if it has one. */
export function networkCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" ? code : undefined;
}

/**
 * The NomadError for what a call threw before there was a whole answer: `aborted` if the caller's signal did it, otherwise
 * `unreachable`. NomadErrors pass.
 */
export function networkError(error: unknown, signal?: AbortSignal): NomadError {
  if (error instanceof NomadError) return error;
  if (signal?.aborted) {
    const reason: unknown = signal.reason;
    return reason instanceof DeadlineError
      ? new NomadError("unreachable", `Nomad did not answer within ${reason.milliseconds / 1000} s`, {
          cause: error,
        })
      : new NomadError("aborted", "the call to Nomad was given up", { cause: reason });
  }
  const code = networkCode(error);
  const why =
    code === undefined ? "the connection failed" : (words[code] ?? `the connection failed (${code})`);
  return new NomadError("unreachable", `Nomad cannot be reached: ${why}`, { cause: error });
}
