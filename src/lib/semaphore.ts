/** Lets at most `limit` tasks run side by side; urgent ones pass those that wait. */
export class Semaphore {
  readonly #limit: number;
  #running = 0;
  readonly #urgent: (() => void)[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `task` when there is room; settles as the task does. */
  async run<T>(task: () => Promise<T>, options: { readonly urgent?: boolean } = {}): Promise<T> {
    if (this.#running >= this.#limit) {
      await new Promise<void>((resolve) => (options.urgent ? this.#urgent : this.#waiting).push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await task();
    } finally {
      // The place goes straight to the next waiter, so that none arriving now can overtake it.
      const next = this.#urgent.shift() ?? this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
