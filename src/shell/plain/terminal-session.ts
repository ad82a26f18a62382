import { deferred } from "../../lib/deferred.js";
import type { ExecEnd, ExecSession } from "../../nomad/exec.js";
import { rootShell, shellText } from "../shell-text.js";
import type { PlainContext } from "./context.js";
import { EarlyEndError } from "./early-end.js";
import { lossReason } from "./script-session.js";
import { type StartWord, StartWords } from "./start-word.js";

const text = shellText(import.meta.url, "receive.sh", "pipes.sh", "terminal.sh");

/** How long a terminal session may stay once it has no more to say, in ms. */
const lingerTime = 2_000;

/** How long the shell may take to start, in ms. */
const readyTimeout = 30_000;

/** What a terminal session tells its owner. Nothing is called after `onLost` or `end`. */
export interface TerminalHandlers {
  /** The command starts: input is its own from here on. */
  onStarted(): void;
  /** Output from the command's start on, its end marker included. */
  onOutput(chunk: Buffer): void;
  onLost(reason: string): void;
  onDrain(): void;
}

/** The exec session with a TTY in which one command runs (terminal.sh). */
export class TerminalSession {
  readonly #words: StartWords;
  readonly #requestWay = deferred<"pipe" | "terminal">();
  #session: ExecSession | undefined;
  #handlers: TerminalHandlers | undefined;
  #ready = false;
  #started = false;
  #linger: NodeJS.Timeout | undefined;

  private constructor(unique: string, handlers: TerminalHandlers) {
    this.#words = new StartWords(unique);
    this.#handlers = handlers;
  }

  /**
   * Opens a session and waits until its shell is ready for the request. `requestLength` is the request's length should it have to
   * come through the terminal. Rejects with a NomadError, or an EarlyEndError.
   */
  static async open(
    context: PlainContext,
    options: {
      readonly unique: string;
      readonly user: "root" | "user";
      readonly streams: 1 | 2;
      readonly requestLength: number;
      /** The unique parts of attempts that failed. */
      readonly stale: readonly string[];
      readonly handlers: TerminalHandlers;
    },
  ): Promise<{ readonly terminal: TerminalSession; readonly requestWay: "pipe" | "terminal" }> {
    const { unique, user, streams, requestLength, stale } = options;
    const terminal = new TerminalSession(unique, options.handlers);
    terminal.#session = await context.opener.open(context.target(), {
      command: rootShell(text, unique, user, String(streams), String(requestLength), ...stale),
      tty: true,
      handlers: {
        onStdout: (chunk) => terminal.#onStdout(chunk),
        onStderr: () => undefined,
        onEnd: (end) => terminal.#onEnd(end),
        onDrain: () => terminal.#handlers?.onDrain(),
      },
    });
    const timer = setTimeout(() => {
      terminal.#requestWay.reject(new EarlyEndError("it did not start in time", { retryable: false }));
      terminal.end();
    }, readyTimeout);
    try {
      return { terminal, requestWay: await terminal.#requestWay.promise };
    } finally {
      clearTimeout(timer);
    }
  }

  write(data: Buffer): boolean {
    return this.#session?.write(data) ?? true;
  }

  pause(): void {
    if (this.#handlers !== undefined) this.#session?.pause();
  }

  resume(): void {
    this.#session?.resume();
  }

  /** Drops what still comes; the connection is closed once the process has ended, or soon. Idempotent. */
  end(): void {
    if (this.#handlers === undefined) return;
    this.#handlers = undefined;
    this.#session?.resume();
    this.#linger = setTimeout(() => this.close(), lingerTime).unref();
  }

  /** Cuts the connection at once. */
  close(): void {
    this.#handlers = undefined;
    this.#session?.close();
  }

  #onStdout(chunk: Buffer): void {
    if (this.#started) {
      this.#handlers?.onOutput(chunk);
      return;
    }
    for (let found = this.#words.push(chunk); found !== undefined; found = this.#words.push(found.rest)) {
      this.#onWord(found.word);
      if (!this.#started) continue;
      if (found.rest.length > 0) this.#handlers?.onOutput(found.rest);
      return;
    }
  }

  #onWord(word: StartWord): void {
    if (word === "started") {
      this.#started = true;
      this.#handlers?.onStarted();
      return;
    }
    this.#ready = true;
    this.#requestWay.resolve(word === "request-by-pipe" ? "pipe" : "terminal");
  }

  #onEnd(end: ExecEnd): void {
    clearTimeout(this.#linger);
    const handlers = this.#handlers;
    this.#handlers = undefined;
    if (this.#ready) handlers?.onLost(lossReason(end));
    else this.#requestWay.reject(EarlyEndError.of(end));
  }
}
