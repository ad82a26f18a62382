import { LongTimer } from "../../lib/long-timer.js";
import { MarkerScanner } from "../marker.js";
import { createNonce } from "../nonce.js";
import { requestBytes } from "../request-bytes.js";
import { rootShell } from "../shell-text.js";
import type { PlainContext } from "./context.js";
import { untilReady } from "./early-end.js";
import { ScriptSession } from "./script-session.js";

/** How a task ended: with its exit code, all of its output handed over; or it did not. */
export type TaskEnd =
  | { readonly kind: "done"; readonly exitCode: number }
  | { readonly kind: "lost"; readonly reason: string };

/** What a task tells its owner. Nothing is called after `onEnd`, nor after `end` was called. */
export interface TaskHandlers {
  onData(chunk: Buffer): void;
  onErrorText?(chunk: Buffer): void;
  onEnd(end: TaskEnd): void;
  onDrain?(): void;
}

/** A task as its owner works with it. */
export interface TaskWork {
  /** Queues input. False: stop until `onDrain`. */
  write(data: Buffer): boolean;
  pause(): void;
  resume(): void;
  /** Gives the task up, or ends what has done its work. Idempotent. */
  end(): void;
}

/**
 * How long a task may show no progress while nobody holds it up, in ms. What reads as `user` can be stopped by that user, what writes may
 * have much to delete first.
 */
const stallTimes = { reading: 60_000, writing: 300_000 } as const;

/** One file operation in an exec session of its own, confirmed by an end marker (execution.md, "Files"). */
export class FileTask implements TaskWork {
  readonly #handlers: TaskHandlers;
  readonly #nonce = createNonce();
  readonly #scanner = new MarkerScanner({ nonce: this.#nonce, exitCode: true });
  readonly #errorScanner = new MarkerScanner({ nonce: this.#nonce, exitCode: false });
  readonly #stall = new LongTimer(() => this.#finish({ kind: "lost", reason: "the operation stalled" }));
  readonly #stallTime: number;
  #session: ScriptSession | undefined;
  #exitCode: number | undefined;
  #errorTextEnded: boolean;
  #over = false;

  private constructor(handlers: TaskHandlers, stallTime: number) {
    this.#handlers = handlers;
    this.#stallTime = stallTime;
    this.#errorTextEnded = handlers.onErrorText === undefined;
  }

  /** Opens the session and hands the words over. Rejects with a NomadError. */
  static async start(
    context: PlainContext,
    options: {
      readonly text: string;
      readonly parameters: readonly string[];
      /** What the text receives; never part of an argument list. */
      readonly words: readonly string[];
      readonly handlers: TaskHandlers;
      /** What writes hands its input on; what reads is shown by a line every few seconds that the server lives. */
      readonly does: "reading" | "writing";
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<FileTask> {
    const { text, parameters, words, handlers, signal } = options;
    const task = new FileTask(handlers, stallTimes[options.does]);
    const session = await untilReady(
      () =>
        ScriptSession.open(context, {
          command: rootShell(text, ...parameters),
          handlers: {
            onStdout: (chunk) => task.#onStdout(chunk),
            onStderr: (chunk) => task.#onStderr(chunk),
            onLost: (reason) => task.#finish({ kind: "lost", reason }),
            onDrain: () => {
              task.#stall.restart(task.#stallTime);
              handlers.onDrain?.();
            },
          },
          signal,
        }),
      { signal },
    );
    task.#session = session;
    task.#stall.restart(task.#stallTime);
    session.write(requestBytes(task.#nonce, words));
    if (options.does === "reading") session.keepAlive();
    return task;
  }

  write(data: Buffer): boolean {
    return this.#over || (this.#session?.write(data) ?? true);
  }

  pause(): void {
    if (this.#over) return;
    this.#stall.cancel();
    this.#session?.pause();
  }

  resume(): void {
    if (this.#over) return;
    this.#stall.restart(this.#stallTime);
    this.#session?.resume();
  }

  end(): void {
    this.#over = true;
    this.#stall.cancel();
    this.#session?.end();
  }

  #onStdout(chunk: Buffer): void {
    this.#stall.restart(this.#stallTime);
    const { data, marker } = this.#scanner.push(chunk);
    if (data.length > 0) this.#handlers.onData(data);
    if (marker === undefined || this.#over) return;
    this.#exitCode = marker.exitCode;
    this.#checkEnd();
  }

  #onStderr(chunk: Buffer): void {
    const { data, marker } = this.#errorScanner.push(chunk);
    if (data.length > 0) this.#handlers.onErrorText?.(data);
    if (marker === undefined || this.#over) return;
    this.#errorTextEnded = true;
    this.#checkEnd();
  }

  #checkEnd(): void {
    if (this.#exitCode !== undefined && this.#errorTextEnded) {
      this.#finish({ kind: "done", exitCode: this.#exitCode });
    }
  }

  #finish(end: TaskEnd): void {
    if (this.#over) return;
    this.end();
    this.#handlers.onEnd(end);
  }
}
