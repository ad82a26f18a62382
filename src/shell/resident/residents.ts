/** How often every resident session is looked at, in ms; a control loop waits 30 s for a sign of life. */
const interval = 10_000;

/** What is looked at. */
export interface Ticking {
  tick(): void;
}

/** Keeps all resident sessions of the server alive from one timer that runs only while there are any. */
export class Residents {
  readonly #all = new Set<Ticking>();
  #timer: NodeJS.Timeout | undefined;

  add(resident: Ticking): void {
    this.#all.add(resident);
    this.#timer ??= setInterval(() => {
      for (const each of [...this.#all]) each.tick();
    }, interval).unref();
  }

  remove(resident: Ticking): void {
    this.#all.delete(resident);
    if (this.#all.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
