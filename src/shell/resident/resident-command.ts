import { deferred } from "../../lib/deferred.js";
import { CommandOutput } from "../command-output.js";
import { environmentPairs } from "../environment.js";
import { createNonce } from "../nonce.js";
import { CommandInput } from "../plain/command-input.js";
import { userWord } from "../plain/context.js";
import { endCommand } from "../plain/end-command.js";
import { wordBytes } from "../request-bytes.js";
import type { CommandEnd, CommandHandlers, CommandRequest, RunningCommand } from "../runner-shell.js";
import type { ResidentContext } from "./context.js";
import type { ControlUser, Residence, Taken } from "./residence.js";
import { WordScanner } from "./word-scanner.js";

/** How long the control loop may take to hand a command over, in ms; while it cannot fork it tries for 15 s. */
const startTimeout = 20_000;

/** A command that is to end within this time of its start, in ms, gets SIGQUIT again after it: a shell that is just starting ignores it. */
const quitAgainTime = 250;

/** Bytes of command and environment that the loops are given: what they have read stays in their memory, which is to be under 3 MB. */
const largestRequest = 128 * 1024;

const stopByte = 0x13;
const startByte = Buffer.from([0x11]);

/** One command in the resident sessions of its runner. It has ended when both streams showed their end marker. */
export class ResidentCommand implements RunningCommand, ControlUser {
  readonly path = "fast";
  readonly #residence: Residence;
  readonly #handlers: CommandHandlers;
  readonly #context: ResidentContext;
  readonly #nonce = createNonce();
  readonly #output: CommandOutput;
  readonly #input: CommandInput;
  #taken: Taken | undefined;
  /** Settles with whether the terminal serves again, once its end marker was seen. */
  #next: Promise<boolean> | undefined;
  /** Looks behind the end marker of stderr for the word that nobody writes to its pipe any more and the terminal serves again. */
  #silence: WordScanner | undefined;
  readonly #silent = deferred();
  /** The client has sent something: the terminal is not used again. */
  #typed = false;
  #privileged = false;
  #paused = false;
  #stopped = false;
  #over = false;
  #started = false;
  /** Resolves when the control loop has said whether it handed the command over. */
  readonly #answered = deferred();
  #startedAt = Number.POSITIVE_INFINITY;
  #startTimer: NodeJS.Timeout | undefined;
  #quitTimer: NodeJS.Timeout | undefined;

  private constructor(context: ResidentContext, residence: Residence, handlers: CommandHandlers) {
    this.#context = context;
    this.#residence = residence;
    this.#handlers = handlers;
    this.#output = new CommandOutput({ nonce: this.#nonce, handlers });
    this.#input = new CommandInput({
      send: (data) => this.#taken?.terminal.write(data) ?? true,
      onDrain: () => this.#handlers.onDrain(),
    });
  }

  /** Hands a command to the loops; undefined where they cannot take it, so that it has to go another way. */
  static async start(
    context: ResidentContext,
    residence: Residence,
    options: { readonly request: CommandRequest; readonly handlers: CommandHandlers },
  ): Promise<ResidentCommand | undefined> {
    if (sizeOf(options.request) > largestRequest) return undefined;
    const command = new ResidentCommand(context, residence, options.handlers);
    const taken = await residence.take(command, options.request);
    if (taken === undefined) return undefined;
    if (await command.#handOver(taken, options.request, context.separateStderr ? 2 : 1)) return command;
    taken.terminal.cancel();
    residence.giveBack(taken);
    return undefined;
  }

  get paused(): boolean {
    return this.#paused;
  }

  write(data: Buffer): boolean {
    if (this.#over) return true;
    this.#typed = true;
    this.#stopped ||= data.includes(stopByte);
    return this.#input.write(data);
  }

  quit(): void {
    if (this.#over) return;
    this.#typed = true;
    this.#input.quit();
    if (this.#quitTimer !== undefined || performance.now() - this.#startedAt > quitAgainTime) return;
    this.#quitTimer = setTimeout(() => !this.#over && this.#input.quit(), quitAgainTime).unref();
  }

  pause(): void {
    if (this.#over) return;
    this.#paused = true;
    this.#taken?.terminal.pause();
    this.#taken?.control.pause();
  }

  resume(): void {
    if (this.#over) return;
    this.#paused = false;
    this.#taken?.terminal.resume();
    this.#taken?.control.resume();
  }

  abandon(): void {
    if (this.#over) return;
    this.#end();
    this.#residence.abandon();
    queueMicrotask(() => this.#handlers.onEnd({ kind: "broken", reason: "the command was given up" }));
  }

  onStderr(chunk: Buffer): void {
    if (this.#silence !== undefined) return this.#afterStderr(this.#silence, chunk);
    if (this.#over || !this.#output.takeStderr(chunk)) return;
    this.#silence = new WordScanner(this.#nonce);
    this.#afterStderr(this.#silence, chunk);
    // The client's Ctrl-S still stops the terminal, and with it our marker.
    if (this.#output.exitCode === undefined && this.#stopped) this.#taken?.terminal.write(startByte);
    this.#checkEnd();
  }

  /** The command may still run, and our own way to it is gone. */
  onLost(reason: string): void {
    const taken = this.#taken;
    if (taken === undefined) return this.#finish({ kind: "broken", reason });
    const lost = {
      unique: taken.terminal.unique,
      resident: { control: taken.control.unique, pipe: taken.pipe },
    };
    const endProcess = (options: { readonly signal: AbortSignal }) =>
      endCommand(this.#context, lost, options);
    this.#finish({ kind: "broken", reason, endProcess });
  }

  onDrain(): void {
    if (!this.#over) this.#handlers.onDrain();
  }

  /** False: the loops refused it, and nothing has happened. */
  async #handOver(taken: Taken, request: CommandRequest, streams: 1 | 2): Promise<boolean> {
    this.#taken = taken;
    this.#privileged = request.privileged;
    if (streams === 1) this.#output.withoutStderr();
    taken.terminal.begin({
      onOutput: (chunk) => this.#onStdout(chunk),
      onLost: (reason) => this.onLost(reason),
      onDrain: () => this.onDrain(),
    });
    const bytes = wordBytes([request.command, ...environmentPairs(request.environment)]);
    const words = [
      "execute",
      this.#nonce,
      userWord(request.privileged),
      String(streams),
      taken.pipe,
      String(bytes.length),
    ];
    const late = () => this.onLost("the command did not start in time");
    this.#startTimer = setTimeout(late, startTimeout).unref();
    try {
      if ((await taken.control.ask(words, [bytes])) !== "started") return false;
    } catch (error) {
      // It may have been handed over.
      this.onLost(error instanceof Error ? error.message : "the control session is over");
    } finally {
      clearTimeout(this.#startTimer);
      this.#answered.resolve();
    }
    this.#started = true;
    this.#startedAt = performance.now();
    if (!this.#over) this.#input.start();
    return true;
  }

  #onStdout(chunk: Buffer): void {
    if (!this.#output.takeStdout(chunk)) return;
    const next = this.#taken?.terminal.end(this.#nonce, chunk);
    // With a pipe for stderr the loop says there that it takes another command.
    this.#next = next && Promise.race([next, this.#silent.promise.then(() => true)]);
    this.#checkEnd();
  }

  #afterStderr(silence: WordScanner, chunk: Buffer): void {
    if (silence.push(chunk).includes("next")) this.#silent.resolve();
  }

  #checkEnd(): void {
    const exitCode = this.#output.ended;
    if (exitCode !== undefined) this.#finish({ kind: "exited", exitCode });
  }

  #finish(end: CommandEnd): void {
    if (this.#over) return;
    this.#end();
    // The client first. It may not have heard yet that the command was started.
    if (this.#started) this.#handlers.onEnd(end);
    else void this.#answered.promise.then(() => setImmediate(() => this.#handlers.onEnd(end)));
    if (this.#taken === undefined) return;
    if (end.kind === "broken") return this.#residence.giveUp(this.#taken);
    const again = !this.#typed && !this.#privileged;
    this.#residence.release(this.#taken, again ? this.#next : undefined);
  }

  #end(): void {
    this.resume();
    this.#over = true;
    clearTimeout(this.#startTimer);
    clearTimeout(this.#quitTimer);
  }
}

function sizeOf({ command, environment }: CommandRequest): number {
  return Object.entries(environment).reduce(
    (sum, [name, value]) => sum + name.length + Buffer.byteLength(value),
    Buffer.byteLength(command),
  );
}
