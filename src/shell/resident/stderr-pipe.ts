import { randomUUID } from "node:crypto";
import { atMost } from "../../lib/at-most.js";
import type { ControlSession } from "./control-session.js";

/** How long the last command's pipe may stay for the next one, in ms. */
const keptTime = 30;

/** How long what goes another way waits for it to be gone, in ms. */
const goneTime = 1_000;

/**
 * The pipe of a warm runner's stderr. The next command can have the last one's if it comes at once, since making one takes a millisecond
 * or two; else, and before anybody could see it, nothing of it is left (execution.md, "How a command runs").
 */
export class StderrPipe {
  #unique: string | undefined;
  /** Set while it waits for the next command. */
  #timer: NodeJS.Timeout | undefined;
  #waitsAt: ControlSession | undefined;
  #going: Promise<unknown> | undefined;

  /** The unique part of its name, for a command. */
  take(): string {
    this.#stopWaiting();
    this.#unique ??= randomUUID().replaceAll("-", "");
    return this.#unique;
  }

  /** The command has ended, another one may come. */
  leave(control: ControlSession): void {
    this.#stopWaiting();
    this.#waitsAt = control;
    this.#timer = setTimeout(() => this.removeUnused(), keptTime).unref();
  }

  /** Nobody uses it now: it goes ahead of whatever is asked of its control session next. */
  removeUnused(): void {
    if (this.#waitsAt !== undefined) this.remove(this.#waitsAt, "keep");
  }

  /** The command has ended. `drop`: its terminal is of no more use, either. */
  remove(control: ControlSession, terminal: "keep" | "drop"): void {
    this.forget();
    const going: Promise<unknown> = control
      .ask(["finish", terminal])
      .catch(() => undefined)
      .then(() => {
        if (this.#going === going) this.#going = undefined;
      });
    this.#going = going;
  }

  /** Its control session is gone, and takes it along. */
  forget(): void {
    this.#stopWaiting();
    this.#unique = undefined;
  }

  /** Resolves when nothing is left of it, or soon. */
  async gone(): Promise<void> {
    this.removeUnused();
    if (this.#going !== undefined) await atMost(goneTime, this.#going);
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#waitsAt = undefined;
  }
}
