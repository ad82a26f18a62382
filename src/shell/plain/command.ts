import { randomUUID } from "node:crypto";
import { deferred } from "../../lib/deferred.js";
import { withTerminalLineEnds } from "../crlf.js";
import { environmentPairs } from "../environment.js";
import { MarkerScanner } from "../marker.js";
import { createNonce } from "../nonce.js";
import { requestBytes, terminalSafe } from "../request-bytes.js";
import type { CommandEnd, CommandHandlers, CommandRequest, RunningCommand } from "../runner-shell.js";
import { rootShell, shellText } from "../shell-text.js";
import { CommandInput } from "./command-input.js";
import { type PlainContext, userWord } from "./context.js";
import { ScriptSession } from "./script-session.js";
import type { StartWord } from "./start-word.js";
import { TerminalSession } from "./terminal-session.js";

const errorsText = shellText(import.meta.url, "pipes.sh", "errors.sh");

/** How long a command may take to start once its sessions are open, in ms; the shells inside give up after 30 s. */
const startTimeout = 45_000;

/** A command that was to end before it started gets SIGQUIT again after this time, in ms: a shell that is just starting ignores it. */
const quitAgainTime = 250;

const stopByte = 0x13;
const startByte = Buffer.from([0x11]);

/**
 * One command on the plain path: a session with a TTY that runs it, and one for its stderr (execution.md, "How a command runs"). It has
 * ended when both streams showed their end marker, since then all of its output has arrived.
 */
export class PlainCommand implements RunningCommand {
  readonly #context: PlainContext;
  readonly #handlers: CommandHandlers;
  readonly #onOneStream: () => void;
  readonly #input: CommandInput;
  readonly #unique = randomUUID().replaceAll("-", "");
  readonly #nonce = createNonce();
  readonly #stdoutScanner = new MarkerScanner({ nonce: this.#nonce, exitCode: true });
  readonly #stderrScanner = new MarkerScanner({ nonce: this.#nonce, exitCode: false });
  readonly #bothOpen = deferred();
  #request: Buffer;
  #terminal: TerminalSession | undefined;
  /** Undefined where there is one stream, and once its end marker was seen. */
  #errors: ScriptSession | undefined;
  #oneStream: boolean;
  #stderrEnded: boolean;
  #exitCode: number | undefined;
  #started = false;
  #quitEarly = false;
  /** The client stopped the terminal's output at some time (Ctrl-S). */
  #stopped = false;
  #over = false;
  #startTimer: NodeJS.Timeout | undefined;
  #quitTimer: NodeJS.Timeout | undefined;

  constructor(
    context: PlainContext,
    options: {
      readonly request: CommandRequest;
      readonly handlers: CommandHandlers;
      /** The runner has no place for the pipes: this command goes on with one stream. */
      readonly onOneStream: () => void;
    },
  ) {
    this.#context = context;
    this.#oneStream = !context.separateStderr;
    this.#stderrEnded = this.#oneStream;
    this.#handlers = options.handlers;
    this.#onOneStream = options.onOneStream;
    const { command, environment } = options.request;
    this.#request = requestBytes(this.#nonce, [command, ...environmentPairs(environment)]);
    this.#input = new CommandInput({
      send: (data) => this.#terminal?.write(data) ?? true,
      onDrain: () => this.#handlers.onDrain(),
    });
  }

  /** Opens the sessions and hands the command over. Rejects with a NomadError, with nothing left open. */
  async open(options: { readonly privileged: boolean }): Promise<void> {
    const opened = await Promise.allSettled([
      this.#openTerminal(userWord(options.privileged)),
      this.#oneStream ? undefined : this.#openErrors(),
    ]);
    for (const result of opened) {
      if (result.status !== "rejected") continue;
      this.#over = true;
      this.#release();
      throw result.reason;
    }
    this.#bothOpen.resolve();
    this.#startTimer = setTimeout(() => this.#fail("the command did not start in time"), startTimeout);
    this.#startTimer.unref();
  }

  write(data: Buffer): boolean {
    if (this.#over) return true;
    this.#stopped ||= data.includes(stopByte);
    return this.#input.write(data);
  }

  quit(): void {
    if (this.#over) return;
    this.#input.quit();
    this.#quitEarly = !this.#started;
  }

  pause(): void {
    this.#terminal?.pause();
    this.#errors?.pause();
  }

  resume(): void {
    this.#terminal?.resume();
    this.#errors?.resume();
  }

  abandon(): void {
    if (this.#over) return;
    this.#over = true;
    this.#release();
    this.#terminal?.close();
    queueMicrotask(() => this.#handlers.onEnd({ kind: "broken", reason: "the command was given up" }));
  }

  async #openTerminal(user: "root" | "user"): Promise<void> {
    this.#terminal = await TerminalSession.open(this.#context, {
      unique: this.#unique,
      user,
      streams: this.#oneStream ? 1 : 2,
      requestLength: terminalSafe(this.#request).length,
      handlers: {
        onWord: (word) => this.#onWord(word),
        onOutput: (chunk) => this.#onStdout(chunk),
        onLost: (reason) => this.#fail(reason),
        onDrain: () => this.#handlers.onDrain(),
      },
    });
  }

  async #openErrors(): Promise<void> {
    this.#errors = await ScriptSession.open(this.#context, {
      command: rootShell(errorsText, this.#unique),
      input: Buffer.concat([Buffer.from(`${this.#request.length}\n`, "latin1"), this.#request]),
      handlers: {
        onStdout: (chunk) => this.#onStderr(chunk),
        onLost: (reason) => this.#onErrorsLost(reason),
      },
      keepAlive: true,
    });
  }

  #onWord(word: StartWord): void {
    if (word === "request-wanted") {
      void this.#bothOpen.promise.then(() => this.#sendRequest());
      return;
    }
    clearTimeout(this.#startTimer);
    this.#started = true;
    this.#request = Buffer.alloc(0);
    if (!this.#stderrEnded && this.#errors === undefined) this.#fail("the stderr session is gone");
    else this.#input.start();
    if (this.#quitEarly) this.#quitTimer = setTimeout(() => this.quit(), quitAgainTime);
  }

  /** The request goes through the terminal where there is no other way. */
  #sendRequest(): void {
    if (this.#over) return;
    if (!this.#oneStream) {
      this.#oneStream = true;
      this.#stderrEnded = true;
      this.#errors?.end();
      this.#errors = undefined;
      this.#onOneStream();
    }
    this.#terminal?.write(terminalSafe(this.#request));
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
    if (this.#exitCode === undefined && this.#stopped) this.#terminal?.write(startByte);
    this.#checkEnd();
  }

  #onErrorsLost(reason: string): void {
    this.#errors = undefined;
    // Where there is no place for the pipes this session leaves at once; the terminal session then says what it needs.
    if (this.#started && !this.#stderrEnded) this.#fail(reason);
  }

  #checkEnd(): void {
    if (this.#exitCode !== undefined && this.#stderrEnded) {
      this.#finish({ kind: "exited", exitCode: this.#exitCode });
    }
  }

  #fail(reason: string): void {
    this.#finish({ kind: "broken", reason });
  }

  #finish(end: CommandEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#release();
    this.#handlers.onEnd(end);
  }

  #release(): void {
    clearTimeout(this.#startTimer);
    clearTimeout(this.#quitTimer);
    // With one stream this is what the shell waits for; with two it is the end of the other session.
    if (this.#oneStream && this.#exitCode !== undefined) this.#terminal?.write(Buffer.from(this.#nonce));
    this.#errors?.end();
    this.#terminal?.end();
  }
}
