import { deferred } from "../lib/deferred.js";
import { LongTimer } from "../lib/long-timer.js";
import { ShellError } from "../shell/errors.js";
import type {
  CommandEnd,
  CommandPath,
  OutputStream,
  RunnerShell,
  RunningCommand,
} from "../shell/runner-shell.js";
import type { ExecutionListener, ExecutionOutcome, ExecutionRequest, LiveExecution } from "./handle.js";

/** How long a command may go on after SIGQUIT before its runner is destroyed, ms (execution.md, "Ways an execution ends"). */
const QUIT_GRACE_MS = 3_000;

/** How long an end that may have been an OOM kill, or a broken session, waits for the event that explains it, ms. */
const EXPLANATION_MS = 1_000;

/** What some sandboxes answer when their allocation was OOM-killed; otherwise a code like any other. */
const AMBIGUOUS_EXIT_CODE = 128;

/** Bytes of input kept for a command that is not started yet. */
const EARLY_INPUT_LIMIT = 256 * 1_024;

const FAILED: ExecutionOutcome = { type: "error", message: "Error executing the request" };

/** What an execution needs of its runner. */
export interface ExecutionOwner {
  readonly shell: RunnerShell;
  /** The command is over, or its runner is: the execution can be forgotten. Called once. */
  onOver(execution: Execution): void;
  /** The command still runs although it had to end, or nobody can tell: its runner must go. */
  onUnstoppable(): void;
  onSurprise(message: string, error: unknown): void;
}

/** One command in one runner, from the opening of its WebSocket to the one outcome that its client gets (execution.md). */
export class Execution implements LiveExecution {
  readonly #owner: ExecutionOwner;
  #listener: ExecutionListener | undefined;
  #command: RunningCommand | undefined;
  /** Undefined once handed on. */
  #earlyInput: Buffer[] | undefined = [];
  #earlyBytes = 0;
  #paused = false;
  #ending = false;
  #over = false;
  readonly #timeLimit = new LongTimer(() => this.timeOut());
  #explanation:
    | { readonly timer: NodeJS.Timeout; readonly otherwise: ExecutionOutcome; onSettled(): void }
    | undefined;
  /** Aborted when the command has to end before it was handed to the runner; undefined once it was. */
  #unwanted: AbortController | undefined;
  /** Ends the work on a lost command when the execution is over. */
  #search: AbortController | undefined;
  #grace: NodeJS.Timeout | undefined;

  constructor(owner: ExecutionOwner, listener: ExecutionListener) {
    this.#owner = owner;
    this.#listener = listener;
  }

  get path(): CommandPath | undefined {
    return this.#command?.path;
  }

  /** Runs the command; `timeLimit` counts from now. */
  start(request: ExecutionRequest): void {
    if (request.timeLimit > 0) this.#timeLimit.restart(request.timeLimit * 1_000);
    const handlers = {
      onOutput: (stream: OutputStream, chunk: Buffer) => this.#output(stream, chunk),
      onEnd: (end: CommandEnd) => this.#commandEnded(end),
      onDrain: () => this.#listener?.onDrain(),
    };
    const unwanted = new AbortController();
    this.#unwanted = unwanted;
    this.#owner.shell.execute(request, handlers, { signal: unwanted.signal }).then(
      (command) => this.#started(command),
      (error: unknown) => this.#notStarted(error),
    );
  }

  write(data: Buffer): boolean {
    if (this.#ending || this.#over) return true;
    if (this.#earlyInput === undefined) return this.#command?.write(data) ?? true;
    this.#earlyInput.push(data);
    this.#earlyBytes += data.length;
    return this.#earlyBytes < EARLY_INPUT_LIMIT;
  }

  pause(): void {
    this.#paused = true;
    this.#command?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#command?.resume();
  }

  detach(): void {
    this.#listener = undefined;
    this.#endCommand();
  }

  /** A time limit, its own or the runner's, passed: the client hears of it at once, what is still printed is dropped. */
  timeOut(): void {
    if (this.#explanation !== undefined) {
      // The runner goes, and with it whatever could still explain the end.
      const { timer, otherwise, onSettled } = this.#explanation;
      clearTimeout(timer);
      this.#report(otherwise.type === "exit" ? otherwise : { type: "timeout" });
      return onSettled();
    }
    this.#report({ type: "timeout" });
    this.#endCommand();
  }

  /** The runner is gone, or going: `outcome` is the explanation, also for an end that was waiting for one. */
  runnerEnded(outcome: ExecutionOutcome): void {
    this.#report(outcome);
    this.#command?.abandon();
    this.#finish();
  }

  #started(command: RunningCommand): void {
    this.#command = command;
    this.#unwanted = undefined;
    if (this.#over) return command.abandon();
    const input = this.#earlyInput ?? [];
    this.#earlyInput = undefined;
    if (this.#ending) return this.#quit(command);
    if (this.#paused) command.pause();
    const room = input.map((data) => command.write(data)).at(-1);
    if (this.#earlyBytes >= EARLY_INPUT_LIMIT && room === true) this.#listener?.onDrain();
  }

  #output(stream: OutputStream, chunk: Buffer): void {
    this.#listener?.onOutput(stream, chunk);
  }

  #commandEnded(end: CommandEnd): void {
    if (this.#over) return;
    if (end.kind === "broken") return void this.#endBroken(end);
    if (this.#ending) return this.#finish();
    const outcome: ExecutionOutcome = { type: "exit", exitCode: end.exitCode };
    if (end.exitCode === AMBIGUOUS_EXIT_CODE) return this.#explain(outcome, () => this.#finish());
    this.#report(outcome);
    this.#finish();
  }

  /** The client hears of it once nothing else explains it; the runner stays if the process can be ended. */
  async #endBroken({ reason, endProcess }: CommandEnd & { kind: "broken" }): Promise<void> {
    const explained = deferred();
    const unexplained = () => {
      this.#owner.onSurprise("the command was lost", new ShellError("broken", reason));
      explained.resolve();
    };
    if (this.#listener === undefined) explained.resolve();
    else this.#explain(FAILED, unexplained);
    this.#ending = true;
    this.#earlyInput = undefined;
    clearTimeout(this.#grace);
    const search = new AbortController();
    this.#search = search;
    const ended = endProcess?.({ signal: search.signal }) ?? false;
    const [hasEnded] = await Promise.all([ended, explained.promise]);
    if (this.#over) return;
    this.#finish();
    if (!hasEnded) this.#owner.onUnstoppable();
  }

  /** Nothing of it runs. A runner that is being killed cannot start it either, and its end is the explanation. */
  #notStarted(error: unknown): void {
    if (this.#unwanted?.signal.aborted) return this.#finish();
    this.#owner.onSurprise("the command could not be started", error);
    if (this.#listener === undefined) this.#finish();
    else this.#explain(FAILED, () => this.#finish());
  }

  /** Waits for an event that explains an end before `otherwise` is reported. */
  #explain(otherwise: ExecutionOutcome, onSettled: () => void): void {
    this.#timeLimit.cancel();
    const timer = setTimeout(() => {
      this.#report(otherwise);
      onSettled();
    }, EXPLANATION_MS);
    this.#explanation = { timer, otherwise, onSettled };
  }

  /** One that was not handed to the runner yet is given up, and its runner stays. */
  #endCommand(): void {
    if (this.#ending || this.#over || this.#explanation !== undefined) return;
    this.#ending = true;
    this.#timeLimit.cancel();
    if (this.#command === undefined) this.#unwanted?.abort();
    else this.#quit(this.#command);
  }

  /** SIGQUIT; whoever ignores it loses the runner. */
  #quit(command: RunningCommand): void {
    command.resume();
    command.quit();
    this.#grace = setTimeout(() => {
      this.#finish();
      this.#owner.onUnstoppable();
    }, QUIT_GRACE_MS);
  }

  #report(outcome: ExecutionOutcome): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.onEnd(outcome);
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#search?.abort();
    this.#unwanted?.abort();
    this.#timeLimit.cancel();
    clearTimeout(this.#explanation?.timer);
    clearTimeout(this.#grace);
    this.#earlyInput = undefined;
    this.#owner.onOver(this);
  }
}
