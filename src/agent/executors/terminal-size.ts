import { readFileSync } from "node:fs";
import type { TerminalSize } from "./spawn-piped.js";

const PTS_MAJOR = 136;
const SEARCH_DEPTH = 4;
const POLL_MS = 20;
const POLLS = 100;

/**
 * Sets the size of the terminal that belongs to a launcher's process. `script` has no way to be told one, so `stty` runs in the task.
 * Sizes that come while one is being set wait, and only the last of them counts.
 */
export class TerminalResizer {
  readonly #setSize: (command: readonly string[]) => Promise<unknown>;
  #pid: number | undefined;
  #wanted: TerminalSize | undefined;
  #busy = false;

  /** `setSize` runs a command in the task and resolves when it has ended. */
  constructor(options: {
    readonly pid: number;
    readonly setSize: (command: readonly string[]) => Promise<unknown>;
  }) {
    this.#pid = options.pid;
    this.#setSize = options.setSize;
  }

  resize(size: TerminalSize): void {
    this.#wanted = size;
    if (!this.#busy) void this.#work();
  }

  /** To be called when the process has ended: its id may go to another. */
  end(): void {
    this.#pid = undefined;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#wanted !== undefined) {
        const terminal = await this.#find();
        if (terminal === undefined) return;
        const { height, width } = this.#wanted;
        this.#wanted = undefined;
        await this.#setSize([
          "stty",
          "-F",
          `/dev/pts/${terminal}`,
          "rows",
          String(height),
          "cols",
          String(width),
        ]);
      }
    } catch {
      // The task is gone, or the terminal: there is nothing left to resize.
    } finally {
      this.#busy = false;
    }
  }

  /** The terminal appears a moment after the start, and nothing tells when; undefined when it does not. */
  async #find(): Promise<number | undefined> {
    for (let poll = 0; poll < POLLS && this.#pid !== undefined; poll += 1) {
      const terminal = terminalBelow(this.#pid, SEARCH_DEPTH);
      if (terminal !== undefined) return terminal;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS).unref());
    }
    return undefined;
  }
}

/** The number of the pseudo terminal in the text of `/proc/PID/stat`; undefined when the process has none. */
export function terminalOf(stat: string): number | undefined {
  const device = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[4]);
  const major = (device >> 8) & 0xfff;
  return major === PTS_MAJOR ? (device & 0xff) | ((device >> 12) & 0xfff00) : undefined;
}

function terminalBelow(pid: number, depth: number): number | undefined {
  try {
    for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").split(" ")) {
      if (child === "") continue;
      const terminal =
        terminalOf(readFileSync(`/proc/${child}/stat`, "latin1")) ??
        (depth > 1 ? terminalBelow(Number(child), depth - 1) : undefined);
      if (terminal !== undefined) return terminal;
    }
  } catch {
    // A process ended meanwhile.
  }
  return undefined;
}
