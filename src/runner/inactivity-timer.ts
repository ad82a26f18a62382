import { LongTimer } from "../lib/long-timer.js";

/** Ends a runner that nobody used for its inactivity timeout (lifecycle.md, "Inactivity timer"). It does not wait for executions. */
export class InactivityTimer {
  readonly #timeoutMs: number;
  readonly #timer: LongTimer;
  #stopped = false;

  /** `timeout` in seconds, 0 = never. */
  constructor(timeout: number, onExpiry: () => void) {
    this.#timeoutMs = timeout * 1_000;
    this.#timer = new LongTimer(onExpiry);
  }

  /** Starts it, or starts it anew: a client used the runner. */
  reset(): void {
    if (this.#timeoutMs > 0 && !this.#stopped) this.#timer.restart(this.#timeoutMs);
  }

  /** Stops it for good. */
  stop(): void {
    this.#stopped = true;
    this.#timer.cancel();
  }
}
