import { deferred } from "../../lib/deferred.js";
import type { ControlSession } from "./control-session.js";

/** A file operation's hold on the control session. */
export class Operation {
  readonly control: ControlSession;
  readonly #over = deferred();
  readonly #onOver: (operation: Operation) => void;
  #ending = false;

  constructor(control: ControlSession, onOver: (operation: Operation) => void) {
    this.control = control;
    this.#onOver = onOver;
  }

  /** It has told all that it had to tell, and will be over in a moment. */
  get ending(): boolean {
    return this.#ending;
  }

  /** Resolves when the control session is free again. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  end(): void {
    this.#ending = true;
  }

  release(): void {
    this.#onOver(this);
    this.#over.resolve();
  }
}
