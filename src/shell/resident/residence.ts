import { atMost } from "../../lib/at-most.js";
import { Backoff } from "../../lib/backoff.js";
import type { Resident } from "../../nomad/exec.js";
import { ShellError } from "../errors.js";
import type { ResidentContext } from "./context.js";
import type { ControlSession } from "./control-session.js";
import { Operation } from "./operation.js";
import type { ResidentTerminal } from "./resident-terminal.js";
import type { Ticking } from "./residents.js";
import { SessionOpener } from "./session-opener.js";
import { StderrPipe } from "./stderr-pipe.js";

/** A session that broke or could not be opened is opened again after 1 s, doubling to 1 min. */
const retry = { initial: 1_000, maximum: 60_000 };

/** Sessions that had to go for others are opened again after this time, in ms, where they are to stay. */
const evictedTime = 30_000;

/** Sessions of a used runner that did nothing for this time, in ms, are closed. */
const idleTime = 60_000;

/** How long what comes next waits for the last command's terminal to be looked at, in ms. */
const settleTime = 100;

/** The running command, as the control session sees it. */
export interface ControlUser {
  /** Its client does not read, and the control session with it. */
  readonly paused: boolean;
  /** Also what comes between its end and the moment at which its sessions can be used again. */
  onStderr(chunk: Buffer): void;
  onLost(reason: string): void;
  onDrain(): void;
}

/** Both sessions, taken for one command. */
export interface Taken {
  readonly control: ControlSession;
  readonly terminal: ResidentTerminal;
  /** The unique part of its stderr pipe's name. */
  readonly pipe: string;
}

/** The two resident sessions of one runner: opens them, lends them, gives them up (docs/runner-shell.md). */
export class Residence implements Ticking {
  readonly #context: ResidentContext;
  readonly #backoff = new Backoff(retry);
  readonly #resident: Resident = {
    unusedSince: () => (this.#inUse ? undefined : this.#usedAt),
    evict: () => this.#evict(),
  };
  readonly #aborter = new AbortController();
  readonly #opener: SessionOpener;
  #control: ControlSession | undefined;
  #terminal: ResidentTerminal | undefined;
  #opening = false;
  #timer: NodeJS.Timeout | undefined;
  /** The running command's. */
  #user: ControlUser | undefined;
  /** The newest command that had the sessions: what comes on stderr is its own until another one gets them. */
  #newest: ControlUser | undefined;
  readonly #pipe = new StderrPipe();
  /** The file operation under way, and whether it has nothing to tell any more. */
  #operation: Operation | undefined;
  /** The terminal's loop looks whether it can serve again. */
  #settling: Promise<unknown> | undefined;
  #wanted = false;
  #keep = true;
  #usedAt = performance.now();
  /** The image cannot have them. */
  #unfit = false;
  /** No process of the user can be left that reached for a descriptor of ours. */
  #clean: boolean;
  #terminalClean = false;

  /** `clean`: no command ran in the runner yet. */
  constructor(context: ResidentContext, options: { readonly clean: boolean }) {
    this.#context = context;
    this.#clean = options.clean;
    this.#opener = new SessionOpener(context, {
      resident: this.#resident,
      onStderr: (chunk) => this.#newest?.onStderr(chunk),
      onLost: (reason) => this.#lost(reason),
      signal: this.#aborter.signal,
    });
  }

  /** Opens what is not open, in the background. `keep` false: what is unused for a minute is closed. */
  warm(options: { readonly keep: boolean }): void {
    this.#keep = options.keep;
    this.#usedAt = performance.now();
    if (this.#unfit || this.#aborter.signal.aborted) return;
    this.#wanted = true;
    this.#context.residents.add(this);
    if (this.#timer === undefined) void this.#open();
  }

  /** Both sessions are open, and nothing holds them. */
  get isReady(): boolean {
    return this.#control !== undefined && this.#terminal !== undefined && !this.#inUse;
  }

  /** A command of the user is started another way: what it leaves behind nobody looks at. */
  soil(): void {
    this.#clean = false;
  }

  /** Takes both sessions for a command, undefined where there are none to be had at once. `release` gives them back. */
  async take(user: ControlUser, options: { readonly privileged: boolean }): Promise<Taken | undefined> {
    if (this.#user !== undefined || this.#busy || (options.privileged && !this.#clean)) return undefined;
    this.#user = user;
    await this.#operationEnd();
    await this.#settled();
    const [control, terminal] = [this.#control, this.#terminal];
    const ready =
      this.#settling === undefined && this.#operation === undefined && (!options.privileged || this.#clean);
    if (control !== undefined && terminal !== undefined && ready) {
      if (!options.privileged) this.#clean = false;
      this.#newest = user;
      return { control, terminal, pipe: this.#pipe.take() };
    }
    this.#user = undefined;
    return undefined;
  }

  /**
   * The command's sessions broke, and it may still run: the control loop swallows what it prints to stderr until it ends. Others are
   * opened for the next one.
   */
  giveUp(taken: Taken): void {
    this.#user = undefined;
    taken.control.leave();
    taken.terminal.close();
    this.#lost("a command was left");
  }

  /** The command is over. `next` tells whether its terminal serves again; undefined: it shall not. */
  release(taken: Taken, next: Promise<boolean> | undefined): void {
    this.#user = undefined;
    this.#usedAt = performance.now();
    if (next === undefined) return this.#drop(taken);
    const settling = next.then((again) => {
      if (this.#settling === settling) this.#settling = undefined;
      if (again) this.#pipe.leave(taken.control);
      if (again && this.#terminalClean) this.#clean = true;
      if (!again && this.#terminal === taken.terminal) this.#drop(taken);
    });
    this.#settling = settling;
  }

  /** What was taken was not used: the runner refused the command. */
  giveBack(taken: Taken): void {
    this.#user = undefined;
    this.#pipe.leave(taken.control);
  }

  /** Takes the control session for a file operation, undefined where it cannot be had at once. */
  async operate(): Promise<Operation | undefined> {
    if (this.#busy) return undefined;
    await this.#operationEnd();
    await this.#settled();
    if (this.#settling !== undefined || this.#operation !== undefined || this.#user?.paused) return undefined;
    if (this.#control === undefined) return undefined;
    this.#pipe.removeUnused();
    this.#operation = new Operation(this.#control, (operation) => {
      if (this.#operation === operation) this.#operation = undefined;
      this.#usedAt = performance.now();
    });
    return this.#operation;
  }

  get #busy(): boolean {
    return this.#operation !== undefined && !this.#operation.ending;
  }

  /** What has done its work is over in a moment. */
  async #operationEnd(): Promise<void> {
    if (this.#operation?.ending) await atMost(settleTime, this.#operation.over);
  }

  /** The last command's terminal is looked at in a moment. */
  async #settled(): Promise<void> {
    if (this.#settling !== undefined) await atMost(settleTime, this.#settling);
  }

  /** Resolves when the last command has left no pipe behind, or soon. */
  async quiet(): Promise<void> {
    await this.#settled();
    await this.#pipe.gone();
  }

  tick(): void {
    this.#control?.alive();
    if (this.#control !== undefined && this.#terminal !== undefined) this.#backoff.reset();
    if (this.#keep || this.#inUse || performance.now() - this.#usedAt < idleTime) return;
    this.#rest();
  }

  /** Closes both for good; resolves when they have ended. Idempotent. */
  async close(): Promise<void> {
    this.#aborter.abort();
    this.#rest();
    await this.#opener.ended();
  }

  /** Cuts both, for a runner that is being destroyed. */
  abandon(): void {
    this.#aborter.abort();
    this.#control?.close();
    this.#terminal?.close();
    this.#rest();
  }

  get #inUse(): boolean {
    const busy = this.#user ?? this.#operation ?? this.#settling;
    return busy !== undefined || this.#opening;
  }

  /** Closes both until they are wanted again. */
  #rest(): void {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#context.residents.remove(this);
    this.#control?.leave();
    this.#terminal?.leave();
    this.#control = undefined;
    this.#terminal = undefined;
  }

  #evict(): void {
    const keep = this.#keep;
    this.#rest();
    if (!keep || this.#aborter.signal.aborted) return;
    this.#wanted = true;
    this.#openIn(evictedTime);
  }

  /** The terminal is of no more use; another one is opened at once. */
  #drop({ control, terminal }: Taken): void {
    this.#pipe.remove(control, "drop");
    terminal.leave();
    if (this.#terminal !== terminal) return;
    this.#terminal = undefined;
    if (this.#wanted && this.#timer === undefined) void this.#open();
  }

  #openIn(milliseconds: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#open();
    }, milliseconds).unref();
  }

  async #open(): Promise<void> {
    if (this.#opening || !this.#wanted || (this.#control !== undefined && this.#terminal !== undefined))
      return;
    this.#opening = true;
    const [control, terminal] = await this.#opener.open(
      () => ({ control: this.#control, terminal: this.#terminal }),
      { claimed: !this.#keep },
    );
    this.#opening = false;
    // What broke meanwhile is tried again as what could not be opened.
    if (control.status === "fulfilled" && !control.value.isOver) this.#control = control.value;
    if (terminal.status === "fulfilled" && !terminal.value.isOver) {
      this.#terminal = terminal.value;
      this.#terminalClean = this.#clean;
    }
    if (!this.#wanted) return this.#rest();
    if (this.#control !== undefined && this.#terminal !== undefined) return;
    const failed = [control, terminal].find((each) => each.status === "rejected");
    this.#failed(failed?.reason);
  }

  #failed(error: unknown): void {
    const { logger } = this.#context;
    if (error instanceof ShellError && error.code === "unsupported") {
      this.#unfit = true;
      logger.info("no warm sessions in this runner: its commands take the plain path", { error });
      return this.#rest();
    }
    logger.debug("warm sessions could not be opened, trying again", { error });
    this.#openIn(this.#backoff.next());
  }

  /** A session broke; without the control session the terminal's loop leaves, too. */
  #lost(reason: string): void {
    this.#context.logger.debug("a warm session broke", { reason });
    if (this.#control?.isOver) {
      this.#control = undefined;
      this.#pipe.forget();
      this.#settling = undefined;
      this.#user?.onLost(reason);
      this.#terminal?.close();
    }
    if (this.#terminal?.isOver) this.#terminal = undefined;
    if (this.#wanted) this.#openIn(this.#backoff.next());
  }
}
