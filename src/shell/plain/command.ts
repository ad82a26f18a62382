import { NomadError } from "../../nomad/errors.js";
import { withTerminalLineEnds } from "../crlf.js";
import { environmentPairs } from "../environment.js";
import { MarkerScanner } from "../marker.js";
import { createNonce } from "../nonce.js";
import { requestBytes, terminalSafe } from "../request-bytes.js";
import type { CommandEnd, CommandHandlers, CommandRequest, RunningCommand } from "../runner-shell.js";
import { CommandInput } from "./command-input.js";
import { type CommandSessions, openCommandSessions } from "./command-sessions.js";
import { type PlainContext, userWord } from "./context.js";
import { endCommand } from "./end-command.js";

/** How long a command may take to start once its request was sent, in ms; the shell inside gives up after 30 s. */
const startTimeout = 45_000;

/** A shell that is just starting ignores SIGQUIT: whoever was to end until this time after its start gets it again and again. In ms. */
const deafTime = 1_000;
const quitInterval = 250;

const stopByte = 0x13;
const startByte = Buffer.from([0x11]);

/**
 * One command on the plain path: a session with a TTY that runs it, and one for its stderr (execution.md, "How a command runs"). It has
 * ended when both streams showed their end marker, since then all of its output has arrived.
 */
export class PlainCommand implements RunningCommand {
  readonly path = "plain";
  readonly #handlers: CommandHandlers;
  readonly #input: CommandInput;
  readonly #nonce = createNonce();
  readonly #stdoutScanner = new MarkerScanner({ nonce: this.#nonce, exitCode: true });
  readonly #stderrScanner = new MarkerScanner({ nonce: this.#nonce, exitCode: false });
  #context: PlainContext | undefined;
  #sessions: CommandSessions | undefined;
  #stderrEnded = false;
  #exitCode: number | undefined;
  /** Until when SIGQUIT may have been ignored; before the start for ever. */
  #deafUntil = Number.POSITIVE_INFINITY;
  /** The client stopped the terminal's output at some time (Ctrl-S). */
  #stopped = false;
  #over = false;
  #startTimer: NodeJS.Timeout | undefined;
  #quitTimer: NodeJS.Timeout | undefined;

  constructor(handlers: CommandHandlers) {
    this.#handlers = handlers;
    this.#input = new CommandInput({
      send: (data) => this.#sessions?.terminal.write(data) ?? true,
      onDrain: () => this.#handlers.onDrain(),
    });
  }

  /**
   * Opens the sessions and hands the command over. Rejects with a NomadError or a ShellError, with nothing left open. Resolves with
   * how many streams there are. Until the command is handed over `signal` gives it up.
   */
  async open(
    context: PlainContext,
    request: CommandRequest,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<1 | 2> {
    const bytes = requestBytes(this.#nonce, [request.command, ...environmentPairs(request.environment)]);
    const typed = terminalSafe(bytes);
    this.#context = context;
    this.#sessions = await openCommandSessions(context, {
      signal,
      user: userWord(request.privileged),
      requestLength: typed.length,
      terminal: {
        onStarted: () => this.#onStarted(),
        onOutput: (chunk) => this.#onStdout(chunk),
        onLost: (reason) => this.#lost(reason),
        onDrain: () => this.#handlers.onDrain(),
      },
      errors: {
        onStdout: (chunk) => this.#onStderr(chunk),
        onLost: (reason) => this.#lost(reason),
      },
    });
    if (signal?.aborted) {
      this.#over = true;
      this.#release();
      throw new NomadError("aborted", "the command was given up before it began");
    }
    const { terminal, errors } = this.#sessions;
    this.#startTimer = setTimeout(
      () => this.#lost("the command did not start in time"),
      startTimeout,
    ).unref();
    if (errors === undefined) {
      this.#stderrEnded = true;
      terminal.write(typed);
      return 1;
    }
    errors.write(Buffer.concat([Buffer.from(`${bytes.length}\n`, "latin1"), bytes]));
    errors.keepAlive();
    return 2;
  }

  write(data: Buffer): boolean {
    if (this.#over) return true;
    this.#stopped ||= data.includes(stopByte);
    return this.#input.write(data);
  }

  quit(): void {
    if (this.#over) return;
    if (performance.now() < this.#deafUntil) {
      this.#quitTimer ??= setInterval(() => this.#input.quit(), quitInterval).unref();
    }
    this.#input.quit();
  }

  pause(): void {
    this.#sessions?.terminal.pause();
    this.#sessions?.errors?.pause();
  }

  resume(): void {
    this.#sessions?.terminal.resume();
    this.#sessions?.errors?.resume();
  }

  abandon(): void {
    if (this.#over) return;
    this.#over = true;
    this.#release();
    this.#sessions?.terminal.close();
    queueMicrotask(() => this.#handlers.onEnd({ kind: "broken", reason: "the command was given up" }));
  }

  #onStarted(): void {
    clearTimeout(this.#startTimer);
    this.#deafUntil = performance.now() + deafTime;
    this.#input.start();
  }

  #onStdout(chunk: Buffer): void {
    const { data, marker } = this.#stdoutScanner.push(chunk);
    if (data.length > 0) this.#handlers.onOutput("stdout", data);
    if (marker === undefined) return;
    this.#exitCode = marker.exitCode;
    this.#checkEnd();
  }

  #onStderr(chunk: Buffer): void {
    const { data, marker } = this.#stderrScanner.push(chunk);
    if (data.length > 0) this.#handlers.onOutput("stderr", withTerminalLineEnds(data));
    if (marker === undefined) return;
    this.#stderrEnded = true;
    // The client's Ctrl-S still stops the terminal, and with it our marker.
    if (this.#exitCode === undefined && this.#stopped) this.#sessions?.terminal.write(startByte);
    this.#checkEnd();
  }

  #checkEnd(): void {
    if (this.#exitCode !== undefined && this.#stderrEnded) {
      this.#finish({ kind: "exited", exitCode: this.#exitCode });
    }
  }

  /** The command may still run, and our own way to it is gone. */
  #lost(reason: string): void {
    const [context, unique] = [this.#context, this.#sessions?.unique];
    if (context === undefined || unique === undefined) return this.#finish({ kind: "broken", reason });
    const endProcess = (options: { readonly signal: AbortSignal }) =>
      endCommand(context, { unique }, options);
    this.#finish({ kind: "broken", reason, endProcess });
  }

  #finish(end: CommandEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#release();
    this.#handlers.onEnd(end);
  }

  #release(): void {
    clearTimeout(this.#startTimer);
    clearInterval(this.#quitTimer);
    if (this.#sessions === undefined) return;
    const { terminal, errors } = this.#sessions;
    // With one stream this is what the shell waits for; with two it is the end of the other session.
    if (errors === undefined && this.#exitCode !== undefined) terminal.write(Buffer.from(this.#nonce));
    errors?.end();
    terminal.end();
  }
}
