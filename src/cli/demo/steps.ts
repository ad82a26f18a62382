import type { Terminal } from "./terminal.js";

const NAME_WIDTH = 34;

/** The demo's steps, each told with how long it took. */
export class Steps {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  readonly #done: { readonly name: string; readonly milliseconds: number }[] = [];

  constructor(terminal: Terminal, options: { readonly now?: () => number } = {}) {
    this.#terminal = terminal;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Runs a step and says what it took; one that fails is said by whoever catches its error. */
  async run<T>(name: string, step: () => Promise<T>): Promise<T> {
    const begun = this.#now();
    const result = await step();
    const milliseconds = this.#now() - begun;
    this.#done.push({ name, milliseconds });
    this.#terminal.note(`  ${name.padEnd(NAME_WIDTH)} ${shown(milliseconds)}`);
    return result;
  }

  /** The time of all steps together. */
  summary(): string {
    return shown(this.#done.reduce((sum, { milliseconds }) => sum + milliseconds, 0)).trim();
  }
}

const shown = (milliseconds: number): string =>
  `${milliseconds < 1000 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`.padStart(11);
