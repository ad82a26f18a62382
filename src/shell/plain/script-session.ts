import { deferred } from "../../lib/deferred.js";
import type { ExecEnd, ExecSession } from "../../nomad/exec.js";
import type { PlainContext } from "./context.js";
import { EarlyEndError } from "./early-end.js";

/** How often a line shows the shell that the server lives, in ms; it waits 30 s for one. */
const aliveInterval = 10_000;

/** How long an ended session waits for its process before the connection is cut, in ms. */
const lingerTime = 2_000;

/** How long a shell may take to start, in ms. */
const readyTimeout = 30_000;

const alive = Buffer.from("\n");
const end = Buffer.from("\nend\n");
const ready = Buffer.from("ready\n");
/** Most bytes looked through for the ready word. */
const longestNoise = 64 * 1024;

/** What a script session tells its owner. Nothing is called after `end` or `onLost`. */
export interface ScriptHandlers {
  onStdout(chunk: Buffer): void;
  onStderr?(chunk: Buffer): void;
  /** Nothing comes any more although the session was not ended by us. */
  onLost(reason: string): void;
  onDrain?(): void;
}

/**
 * An exec session without TTY that runs one of our shell texts. The text says when it is ready, and stays, however fast its work was
 * done, until `end`, because Nomad cuts the output of a process that has ended (nomad.md).
 */
export class ScriptSession {
  readonly #ready = deferred();
  #session: ExecSession | undefined;
  #handlers: ScriptHandlers | undefined;
  /** What came before the ready word; undefined once that was found. */
  #noise: Buffer | undefined = Buffer.alloc(0);
  #ended = false;
  #alive: NodeJS.Timeout | undefined;
  #linger: NodeJS.Timeout | undefined;

  private constructor(handlers: ScriptHandlers) {
    this.#handlers = handlers;
  }

  /**
   * Opens a session and waits until its text is ready, which does nothing before it has its input. Rejects with a NomadError, or an
   * EarlyEndError.
   */
  static async open(
    context: PlainContext,
    options: {
      readonly command: readonly string[];
      readonly handlers: ScriptHandlers;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<ScriptSession> {
    const { command, handlers, signal } = options;
    const script = new ScriptSession(handlers);
    script.#session = await context.opener.open(context.target(), {
      command,
      tty: false,
      handlers: {
        onStdout: (chunk) => script.#onStdout(chunk),
        onStderr: (chunk) => script.#handlers?.onStderr?.(chunk),
        onEnd: (sessionEnd) => script.#onEnd(sessionEnd),
        onDrain: () => script.#handlers?.onDrain?.(),
      },
      ...(signal === undefined ? {} : { signal }),
    });
    await script.#untilReady(signal);
    return script;
  }

  /** Queues input. False: stop until `onDrain`. */
  write(data: Buffer): boolean {
    return this.#session?.write(data) ?? true;
  }

  /** From now on shows the text that the server lives, until `end`. Its input must be its own. */
  keepAlive(): void {
    this.#alive ??= setInterval(() => this.write(alive), aliveInterval).unref();
  }

  pause(): void {
    if (!this.#ended) this.#session?.pause();
  }

  resume(): void {
    this.#session?.resume();
  }

  /** Asks the text to leave, drops what still comes, and closes the connection once the process has ended, or soon. Idempotent. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#handlers = undefined;
    clearInterval(this.#alive);
    this.#session?.resume();
    this.write(end);
    this.#linger = setTimeout(() => this.#session?.close(), lingerTime).unref();
  }

  async #untilReady(signal: AbortSignal | undefined): Promise<void> {
    const giveUp = (reason: string) => {
      this.#ready.reject(new EarlyEndError(reason, { retryable: false }));
      this.end();
    };
    const abort = () => giveUp("it was given up");
    const timer = setTimeout(() => giveUp("it did not start in time"), readyTimeout);
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted) abort();
    try {
      await this.#ready.promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  #onStdout(chunk: Buffer): void {
    if (this.#noise === undefined) {
      this.#handlers?.onStdout(chunk);
      return;
    }
    const text = Buffer.concat([this.#noise, chunk]);
    const at = text.indexOf(ready);
    if (at === -1) {
      this.#noise = Buffer.from(text.subarray(Math.max(0, text.length - longestNoise)));
      return;
    }
    this.#noise = undefined;
    this.#ready.resolve();
    const rest = text.subarray(at + ready.length);
    if (rest.length > 0) this.#handlers?.onStdout(rest);
  }

  #onEnd(sessionEnd: ExecEnd): void {
    this.#ended = true;
    clearInterval(this.#alive);
    clearTimeout(this.#linger);
    const handlers = this.#handlers;
    this.#handlers = undefined;
    if (this.#noise === undefined) handlers?.onLost(lossReason(sessionEnd));
    else this.#ready.reject(EarlyEndError.of(sessionEnd));
  }
}

/** Why a session's end without an end marker is a loss, in words for a log. */
export function lossReason(sessionEnd: ExecEnd): string {
  if (sessionEnd.kind === "exited") {
    return `the session ended with exit code ${sessionEnd.exitCode} and without end marker`;
  }
  return sessionEnd.kind === "broken" ? sessionEnd.reason : "the session was closed";
}
