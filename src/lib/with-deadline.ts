/** The reason of a signal that `withDeadline` aborted because the time was over. */
export class DeadlineError extends Error {
  /** The time that was given, in ms. */
  readonly milliseconds: number;

  constructor(milliseconds: number) {
    super(`not done within ${milliseconds} ms`);
    this.name = "DeadlineError";
    this.milliseconds = milliseconds;
  }
}

/**
 * Runs `run` with a signal that is aborted after `milliseconds` (reason: DeadlineError) or with `options.signal` (its reason).
 * `run` has to heed the signal; the result is whatever it settles with. Timer and listener are gone afterwards.
 */
export async function withDeadline<T>(
  milliseconds: number,
  run: (signal: AbortSignal) => Promise<T>,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const outer = options.signal;
  const controller = new AbortController();
  const follow = () => controller.abort(outer?.reason);
  const timer = setTimeout(() => controller.abort(new DeadlineError(milliseconds)), milliseconds);
  outer?.addEventListener("abort", follow, { once: true });
  if (outer?.aborted) follow();
  try {
    return await run(controller.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener("abort", follow);
  }
}
