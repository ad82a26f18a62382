import type { Resident } from "../../nomad/exec.js";
import type { ResidentContext } from "./context.js";
import { ControlSession } from "./control-session.js";
import { ResidentTerminal } from "./resident-terminal.js";

/** What the sessions of a residence are opened for. */
export interface SessionOpenerOptions {
  readonly resident: Resident;
  /** Stderr of the running command. */
  onStderr(chunk: Buffer): void;
  /** A session is over although nobody closed it. */
  onLost(reason: string): void;
  readonly signal: AbortSignal;
}

/** Opens the two resident sessions of one runner, and knows when all that it opened have ended. */
export class SessionOpener {
  readonly #context: ResidentContext;
  readonly #options: SessionOpenerOptions;
  readonly #endings = new Set<Promise<void>>();

  constructor(context: ResidentContext, options: SessionOpenerOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Opens those that are not there when its turn has come; gives back those that are. `claimed`: a client has the runner. */
  async open(
    look: () => {
      readonly control: ControlSession | undefined;
      readonly terminal: ResidentTerminal | undefined;
    },
    { claimed }: { readonly claimed: boolean },
  ): Promise<[PromiseSettledResult<ControlSession>, PromiseSettledResult<ResidentTerminal>]> {
    const openBoth = () => {
      const there = look();
      const control = there.control === undefined ? this.#control() : Promise.resolve(there.control);
      const terminal =
        there.terminal === undefined ? this.#terminal(control) : Promise.resolve(there.terminal);
      return Promise.allSettled([control, terminal]);
    };
    const { nodeId } = this.#context.target();
    const fresh = look().control === undefined;
    return this.#context.openings.run(nodeId, openBoth, { claimed, fresh });
  }

  /** Rejects as ControlSession.open. */
  async #control(): Promise<ControlSession> {
    const { resident, onStderr, onLost, signal } = this.#options;
    const control = await ControlSession.open(this.#context, {
      resident,
      handlers: { onStderr, onDrain: () => undefined, onLost },
      signal,
    });
    this.#await(control.over);
    return control;
  }

  /** The terminal's pipes are handed to `control`. Rejects as ResidentTerminal.open. */
  async #terminal(control: Promise<ControlSession>): Promise<ResidentTerminal> {
    const { resident, onLost, signal } = this.#options;
    const terminal = await ResidentTerminal.open(this.#context, {
      resident,
      connect: async (directory, unique) =>
        (await (await control).ask(["terminal", directory, unique])) === "opened",
      onLost,
      signal,
    });
    this.#await(terminal.over);
    return terminal;
  }

  /** Resolves when every session that was opened has ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#endings);
  }

  #await(over: Promise<void>): void {
    this.#endings.add(over);
    void over.then(() => this.#endings.delete(over));
  }
}
