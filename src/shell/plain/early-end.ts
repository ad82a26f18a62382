import { NomadError } from "../../nomad/errors.js";
import type { ExecEnd } from "../../nomad/exec.js";
import { ShellError } from "../errors.js";

/** How often a session is opened anew. */
const attempts = 6;

/** Sessions are not opened anew after this time, in ms. */
const patience = 10_000;

/**
 * A session ended before its shell said that it was ready, so nothing was done in it. With Docker, Nomad takes an exec that has not
 * started yet for one that has ended with exit code 0: about one in a hundred, more under load.
 */
export class EarlyEndError extends ShellError {
  readonly retryable: boolean;

  constructor(reason: string, options: { readonly retryable: boolean }) {
    super("broken", `a session in the runner ended before it began: ${reason}`);
    this.name = "EarlyEndError";
    this.retryable = options.retryable;
  }

  static of(end: ExecEnd): EarlyEndError {
    if (end.kind === "exited") {
      return new EarlyEndError(`exit code ${end.exitCode}`, { retryable: end.exitCode === 0 });
    }
    return new EarlyEndError(end.kind === "broken" ? end.reason : "it was closed", {
      retryable: end.kind === "broken",
    });
  }
}

/** Runs `attempt` until it does not end early, within bounds. Nothing may be left of an attempt that failed. */
export async function untilReady<T>(
  attempt: () => Promise<T>,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const over = performance.now() + patience;
  for (let count = 1; ; count++) {
    if (options.signal?.aborted) throw new NomadError("aborted", "the operation was given up");
    try {
      return await attempt();
    } catch (error) {
      const again = error instanceof EarlyEndError && error.retryable;
      if (!again || count >= attempts || performance.now() > over) throw error;
    }
  }
}
