import type { ExecEnd, ExecSession } from "../../nomad/exec.js";
import type { PlainContext } from "./context.js";

/** How often a line shows the shell that the server lives, in ms; it waits 30 s for one. */
const aliveInterval = 10_000;

/** How long an ended session waits for its process before the connection is cut, in ms. */
const lingerTime = 2_000;

const alive = Buffer.from("\n");
const end = Buffer.from("\nend\n");

/** What a script session tells its owner. Nothing is called after `end` or `onLost`. */
export interface ScriptHandlers {
  onStdout(chunk: Buffer): void;
  onStderr?(chunk: Buffer): void;
  /** Nothing comes any more although the session was not ended by us. */
  onLost(reason: string): void;
  onDrain?(): void;
}

/**
 * An exec session without TTY that runs one of our shell texts. The text stays, however fast its work was done, until `end`, because
 * Nomad cuts the output of a process that has ended (nomad.md).
 */
export class ScriptSession {
  #session: ExecSession | undefined;
  #handlers: ScriptHandlers | undefined;
  #ended = false;
  #alive: NodeJS.Timeout | undefined;
  #linger: NodeJS.Timeout | undefined;

  private constructor(handlers: ScriptHandlers) {
    this.#handlers = handlers;
  }

  /** Opens the session and writes `input`. Rejects with a NomadError. */
  static async open(
    context: PlainContext,
    options: {
      readonly command: readonly string[];
      readonly input: Buffer;
      readonly handlers: ScriptHandlers;
      /** False where the input belongs to another process of the text. */
      readonly keepAlive: boolean;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<ScriptSession> {
    const { command, handlers, signal } = options;
    const script = new ScriptSession(handlers);
    script.#session = await context.opener.open(context.target(), {
      command,
      tty: false,
      handlers: {
        onStdout: (chunk) => script.#handlers?.onStdout(chunk),
        onStderr: (chunk) => script.#handlers?.onStderr?.(chunk),
        onEnd: (sessionEnd) => script.#onEnd(sessionEnd),
        onDrain: () => script.#handlers?.onDrain?.(),
      },
      ...(signal === undefined ? {} : { signal }),
    });
    script.write(options.input);
    if (options.keepAlive) script.#keepAlive();
    return script;
  }

  /** Queues input. False: stop until `onDrain`. */
  write(data: Buffer): boolean {
    return this.#session?.write(data) ?? true;
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
    this.#session?.write(end);
    this.#linger = setTimeout(() => this.#session?.close(), lingerTime);
    this.#linger.unref();
  }

  #keepAlive(): void {
    this.#alive = setInterval(() => this.#session?.write(alive), aliveInterval);
    this.#alive.unref();
  }

  #onEnd(sessionEnd: ExecEnd): void {
    this.#ended = true;
    clearInterval(this.#alive);
    clearTimeout(this.#linger);
    const handlers = this.#handlers;
    this.#handlers = undefined;
    handlers?.onLost(lossReason(sessionEnd));
  }
}

/** Why a session's end without an end marker is a loss, in words for a log. */
export function lossReason(sessionEnd: ExecEnd): string {
  if (sessionEnd.kind === "exited") {
    return `the session ended with exit code ${sessionEnd.exitCode} and without end marker`;
  }
  return sessionEnd.kind === "broken" ? sessionEnd.reason : "the session was closed";
}
