/** Where an exec session runs; all of it is known from the event stream, so that an exec needs no look-up (nomad.md). */
export interface ExecTarget {
  readonly allocationId: string;
  readonly nodeId: string;
}

/** How an exec session ended. A close before `exited` is `broken`, never an exit code (nomad.md, D). */
export type ExecEnd =
  | { readonly kind: "exited"; readonly exitCode: number }
  | { readonly kind: "broken"; readonly reason: string }
  | { readonly kind: "closed" };

/** What an exec session tells its owner. Nothing is called after `onEnd`, which is called exactly once. */
export interface ExecHandlers {
  onStdout(chunk: Buffer): void;
  onStderr(chunk: Buffer): void;
  onEnd(end: ExecEnd): void;
  /** Input that was waiting has been sent: writing may go on. */
  onDrain?(): void;
}

/** A session that is kept for later work. Its connection is given up when another session needs it (runner-shell.md). */
export interface Resident {
  /** Since when it does nothing, on a clock that all residents share; undefined while it is in use. */
  unusedSince(): number | undefined;
  /** Asks the owner to end the session now. Called once at most. */
  evict(): void;
}

/** What to run. No shell is added: `command` is an argument list. */
export interface ExecOptions {
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly handlers: ExecHandlers;
  /** Set for a session kept for later: it takes nobody's connection and does not wait for one, but rejects with `no-room`. */
  readonly resident?: Resident;
  /** Gives the session up while it is being opened; once it is open, use `close`. */
  readonly signal?: AbortSignal;
}

/** An open exec session. Output flows to the handlers until `pause`; nothing is dropped while paused. */
export interface ExecSession {
  /** Queues input. False once more than 256 KiB wait to be sent: stop until `onDrain`. */
  write(data: Buffer): boolean;
  /** Tells the process that its input has ended. */
  endInput(): void;
  pause(): void;
  resume(): void;
  /**
   * Cuts the connection; `onEnd` reports `closed`. The process in the runner does **not** end with it (runner-shell.md), so ask it to
   * end first where that matters.
   */
  close(): void;
}

/** Opens exec sessions. Rejects with a NomadError (`unreachable`, `no-room`, `not-found`, …) within bounded time. */
export interface ExecOpener {
  open(target: ExecTarget, options: ExecOptions): Promise<ExecSession>;
}
