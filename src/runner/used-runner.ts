import type { RunnerShell } from "../shell/runner-shell.js";
import type { Logger } from "../telemetry/logger.js";
import type { ReachedPoint } from "./crash-points.js";
import { RunnerError } from "./errors.js";
import { Execution } from "./execution.js";
import type {
  CopyEntry,
  Download,
  ExecutionListener,
  ExecutionOutcome,
  ExecutionRequest,
  FileEntry,
  LiveExecution,
  MappedPort,
  RunnerHandle,
} from "./handle.js";
import { InactivityTimer } from "./inactivity-timer.js";
import { PreparedExecutions } from "./prepared-executions.js";

/** What a used runner is made of. */
export interface UsedRunnerOptions {
  readonly id: string;
  readonly environmentId: number;
  readonly mappedPorts: readonly MappedPort[];
  readonly shell: RunnerShell;
  /** Seconds, 0 = never. */
  readonly inactivityTimeout: number;
  /** Seconds: `server.executionttl`. */
  readonly executionTtl: number;
  readonly logger: Logger;
  readonly reached: ReachedPoint;
  /** The inactivity timeout passed; the executions were told. */
  onInactive(): void;
  /** A command could not be ended in time: the runner must go. */
  onUnstoppable(): void;
}

/** A runner in a client's hands: its executions, its files, its inactivity timer. */
export class UsedRunner implements RunnerHandle {
  readonly id: string;
  readonly environmentId: number;
  readonly mappedPorts: readonly MappedPort[];
  readonly #options: UsedRunnerOptions;
  readonly #timer: InactivityTimer;
  readonly #prepared: PreparedExecutions;
  readonly #live = new Set<Execution>();
  /** What its executions get, once the runner is gone. */
  #ended: ExecutionOutcome | undefined;

  constructor(options: UsedRunnerOptions) {
    this.id = options.id;
    this.environmentId = options.environmentId;
    this.mappedPorts = options.mappedPorts;
    this.#options = options;
    this.#timer = new InactivityTimer(options.inactivityTimeout, () => this.#expire());
    this.#prepared = new PreparedExecutions(options.executionTtl);
  }

  /** Starts the inactivity timer. */
  start(): void {
    this.#timer.reset();
  }

  /** Stops the inactivity timer for good: the server stops, the runner stays. */
  stopTimer(): void {
    this.#timer.stop();
  }

  get executions(): number {
    return this.#live.size;
  }

  prepare(request: ExecutionRequest): string {
    this.#options.shell.warm({ keep: false });
    return this.#prepared.add(request);
  }

  hasExecution(executionId: string): boolean {
    return this.#prepared.has(executionId);
  }

  open(executionId: string, listener: ExecutionListener): LiveExecution | undefined {
    const request = this.#prepared.take(executionId);
    if (request === undefined) return undefined;
    this.#timer.reset();
    const ended = this.#ended;
    if (ended !== undefined) return endedAlready(ended, listener);
    const execution = new Execution(
      {
        shell: this.#options.shell,
        onOver: (over) => {
          this.#live.delete(over);
          this.#options.reached("execution.over");
        },
        onUnstoppable: () => this.#options.onUnstoppable(),
        onSurprise: (message, error) => this.#options.logger.warn(message, { error }),
      },
      listener,
    );
    this.#live.add(execution);
    execution.start(request);
    this.#options.reached("execution.opened");
    return execution;
  }

  list(
    path: string,
    options: { readonly recursive: boolean; readonly privileged: boolean; readonly signal?: AbortSignal },
  ): Promise<AsyncIterable<readonly FileEntry[]>> {
    return this.#operate(() => this.#options.shell.list(path, options));
  }

  update(
    change: { readonly remove: readonly string[]; readonly copy: readonly CopyEntry[] },
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    return this.#operate(() => this.#options.shell.update(change, options));
  }

  download(
    path: string,
    options: { readonly privileged: boolean; readonly signal?: AbortSignal },
  ): Promise<Download> {
    return this.#operate(() => this.#options.shell.download(path, options));
  }

  /** Closes what is kept open in the runner; resolves when it is closed. */
  closeShell(): Promise<void> {
    return this.#options.shell.close();
  }

  /** Forgets executions that nobody opened. */
  sweep(): void {
    this.#prepared.dropExpired();
  }

  /** The runner is gone, or going: every execution gets `outcome`, nothing can be done with it any more. Idempotent. */
  end(outcome: ExecutionOutcome): void {
    if (this.#ended !== undefined) return;
    this.#ended = outcome;
    this.#timer.stop();
    for (const execution of [...this.#live]) execution.runnerEnded(outcome);
    void this.closeShell();
  }

  #expire(): void {
    for (const execution of [...this.#live]) execution.timeOut();
    this.#options.onInactive();
  }

  /** What fails because the runner went meanwhile is 'gone', whatever the session said. */
  async #operate<T>(operation: () => Promise<T>): Promise<T> {
    this.#timer.reset();
    try {
      return await operation();
    } catch (error) {
      if (this.#ended !== undefined)
        throw new RunnerError("runner-gone", "no runner found with this id", { cause: error });
      throw error;
    }
  }
}

/** The runner went between the request and its WebSocket: its client is told so as one whose command ran. */
function endedAlready(outcome: ExecutionOutcome, listener: ExecutionListener): LiveExecution {
  let attached = true;
  queueMicrotask(() => {
    if (attached) listener.onEnd(outcome);
  });
  return {
    write: () => true,
    pause: () => undefined,
    resume: () => undefined,
    detach: () => {
      attached = false;
    },
  };
}
