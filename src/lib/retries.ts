import type { Backoff } from "./backoff.js";
import { deferred } from "./deferred.js";

/** Pauses between tries of many things that failed for one reason: once that is gone, none of them has to wait any longer. */
export class Retries {
  readonly #paused = new Map<() => void, Backoff>();

  /** Waits as long as `backoff` says, or until `wake`, or until the signal is aborted. Never rejects. */
  async pause(backoff: Backoff, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { promise, resolve } = deferred();
    const goOn = () => resolve();
    const timer = setTimeout(goOn, backoff.next());
    signal.addEventListener("abort", goOn, { once: true });
    if (signal.aborted) goOn();
    this.#paused.set(goOn, backoff);
    await promise;
    this.#paused.delete(goOn);
    signal.removeEventListener("abort", goOn);
    clearTimeout(timer);
  }

  /** What made the tries fail is over: all go on now, and whatever fails again starts with the first delay. */
  wake(): void {
    for (const [goOn, backoff] of this.#paused) {
      backoff.reset();
      goOn();
    }
  }
}
