import { sleep } from "../../../lib/sleep.js";
import type { TerminalSize } from "../spawn-piped.js";

/** A terminal can be given its size once its process runs, and nothing tells when that is. */
const TRIES = 100;
const PAUSE_MS = 20;

/** Sets the sizes of one terminal one after the other; of those that wait only the last counts. */
export class TerminalSizes {
  readonly #apply: (size: TerminalSize) => Promise<boolean>;
  readonly #over = new AbortController();
  #wanted: TerminalSize | undefined;
  #busy = false;

  /** `apply` tells whether that worked, or is to be tried again. */
  constructor(apply: (size: TerminalSize) => Promise<boolean>) {
    this.#apply = apply;
  }

  set(size: TerminalSize): void {
    this.#wanted = size;
    if (!this.#busy) void this.#work();
  }

  /** The process has ended. */
  end(): void {
    this.#over.abort();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    const { signal } = this.#over;
    for (let tries = 0; this.#wanted !== undefined && tries < TRIES && !signal.aborted; tries += 1) {
      const size = this.#wanted;
      const done = await this.#apply(size);
      if (!done) await sleep(PAUSE_MS, { signal }).catch(() => undefined);
      else if (this.#wanted === size) this.#wanted = undefined;
    }
    this.#busy = false;
  }
}
