/** The longest delay that setTimeout takes, in ms; past it Node fires at once. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * A one-shot timer for any delay (24 days and more too) that can be pushed back cheaply: `restart` only notes the new deadline, so that a
 * reset on every request costs no timer.
 */
export class LongTimer {
  readonly #onExpiry: () => void;
  #deadline = 0;
  #handle: NodeJS.Timeout | undefined;

  constructor(onExpiry: () => void) {
    this.#onExpiry = onExpiry;
  }

  /** Starts the timer, or starts it anew, to fire in `delayMs`. */
  restart(delayMs: number): void {
    const earlier = performance.now() + delayMs < this.#deadline;
    this.#deadline = performance.now() + delayMs;
    if (earlier) this.#disarm();
    if (this.#handle === undefined) this.#arm();
  }

  /** Stops the timer; it can be started again. */
  cancel(): void {
    this.#disarm();
    this.#deadline = 0;
  }

  #disarm(): void {
    clearTimeout(this.#handle);
    this.#handle = undefined;
  }

  #arm(): void {
    const left = Math.max(0, this.#deadline - performance.now());
    this.#handle = setTimeout(() => this.#fire(), Math.min(Math.ceil(left), LONGEST_MS));
    this.#handle.unref();
  }

  #fire(): void {
    this.#handle = undefined;
    if (performance.now() < this.#deadline) this.#arm();
    else this.#onExpiry();
  }
}
