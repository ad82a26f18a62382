/** Runs tasks of one key one after the other, in their order of arrival; tasks of different keys side by side. */
export class KeyedMutex<Key> {
  readonly #tails = new Map<Key, Promise<unknown>>();

  /** Runs `task` once all earlier tasks of `key` have ended, well or badly; settles as the task does. */
  run<T>(key: Key, task: () => Promise<T>): Promise<T> {
    const result = (this.#tails.get(key) ?? Promise.resolve()).then(task, task);
    const tail = result.then(noop, noop);
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    return result;
  }

  /** Whether a task of `key` runs or waits. */
  isHeld(key: Key): boolean {
    return this.#tails.has(key);
  }
}

function noop(): void {
  // The tail only orders; the result goes to the caller.
}
