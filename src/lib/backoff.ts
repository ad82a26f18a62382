import { sleep } from "./sleep.js";

/** How a Backoff grows. Times in ms. */
export interface BackoffOptions {
  /** The first delay. */
  readonly initial: number;
  /** No delay is longer, jitter included. */
  readonly maximum: number;
  /** What each delay is multiplied with; 2 by default. */
  readonly factor?: number;
  /** Which share of a delay is random, 0 to 1; 0.25 by default, taken off the delay. */
  readonly jitter?: number;
  /** Numbers in [0, 1). */
  readonly random?: () => number;
  /** Waits; a test may pass its own. */
  readonly sleep?: (
    milliseconds: number,
    options: { readonly signal?: AbortSignal | undefined },
  ) => Promise<void>;
}

/** Exponential back-off with jitter: each wait is longer than the one before, up to a maximum, until `reset`. */
export class Backoff {
  readonly #options: Required<BackoffOptions>;
  #next: number;

  constructor(options: BackoffOptions) {
    this.#options = { factor: 2, jitter: 0.25, random: Math.random, sleep, ...options };
    this.#next = options.initial;
  }

  /** The delay to wait now, in ms; the one after it will be longer. */
  next(): number {
    const { maximum, factor, jitter, random } = this.#options;
    const delay = Math.min(this.#next, maximum);
    this.#next = Math.min(delay * factor, maximum);
    return delay * (1 - jitter * random());
  }

  /** Waits for `next()`. Rejects with the signal's reason when that is aborted. */
  async wait(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#options.sleep(this.next(), options);
  }

  /** Starts over with the first delay. */
  reset(): void {
    this.#next = this.#options.initial;
  }
}
