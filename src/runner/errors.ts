/** Why a request about runners cannot be served. Callers branch on the code. */
export type RunnerErrorCode =
  /** No environment of this id is known. */
  | "environment-not-found"
  /** The prewarming pool has no idle runner. */
  | "pool-empty"
  /** The runner is gone, or went while the request ran. */
  | "runner-gone"
  /** This kind of environment cannot do that. */
  | "not-supported";

/** A typed refusal of the runner or environment manager; the message is fit for clients. */
export class RunnerError extends Error {
  readonly code: RunnerErrorCode;

  constructor(code: RunnerErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "RunnerError";
    this.code = code;
  }
}
