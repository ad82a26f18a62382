import type { TaskEvent, TaskState } from "../../nomad/wire.js";
import type { Executor, RunningTask, TaskExit, TaskSpec } from "../executor.js";
import { nanoseconds } from "../state/records.js";
import type { RestartTracker } from "./restart-tracker.js";
import { TASK_EVENT_LIMIT, taskEvents } from "./task-events.js";

export interface TaskRunnerOptions {
  readonly executor: Executor;
  readonly spec: TaskSpec;
  readonly restarts: RestartTracker;
  /** Batch tasks that end with 0 are complete; those of services start again. */
  readonly isBatch: boolean;
  /** Nanoseconds, only told in an event: the executor kills at once. */
  readonly killTimeout: number;
  readonly delayScale: number;
  /** Called after every change of `state`. */
  readonly onChange: () => void;
}

/** How a task was ended from outside in a way of its own (fault injection). */
export type InducedExit = TaskExit & { readonly restart: boolean };

/** Runs one task: starts it, starts it again as the restart policy says, and keeps its history. */
export class TaskRunner {
  readonly #options: TaskRunnerOptions;
  #state: TaskState = { State: "pending", Failed: false, Restarts: 0, Events: [] };
  #running: RunningTask | undefined;
  #stopping = false;
  #induced: InducedExit | undefined;
  readonly #stopped = new AbortController();

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
  }

  get state(): TaskState {
    return this.#state;
  }

  /** The container while it runs. */
  get running(): RunningTask | undefined {
    return this.#running;
  }

  /** Runs until the task is dead. Never rejects. */
  async run(): Promise<void> {
    this.#record([taskEvents.received(), taskEvents.setup()], {}, false);
    while (!this.#stopping) {
      const exit = await this.#runOnce();
      if (this.#stopping) break;
      const failed = exit === undefined || exit.exitCode !== 0 || exit.signal !== 0 || exit.oomKilled;
      if (!failed && this.#options.isBatch) return this.#die([], false);
      const decision =
        this.#induced?.restart === false ? undefined : this.#options.restarts.decide(nanoseconds());
      if (decision === undefined)
        return this.#die([taskEvents.notRestarting("Error was unrecoverable")], true);
      if (decision.kind === "give-up") return this.#die([taskEvents.notRestarting(decision.reason)], true);
      this.#induced = undefined;
      this.#record([taskEvents.restarting(decision.delay)], {
        State: "pending",
        Restarts: (this.#state.Restarts ?? 0) + 1,
        LastRestart: new Date().toISOString(),
      });
      await this.#pause((decision.delay / 1_000_000) * this.#options.delayScale);
    }
    this.#die([taskEvents.killed()], false);
  }

  /** Ends the task for good. Resolves when its container is gone. */
  async stop(): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      if (this.#state.State !== "dead")
        this.#record([taskEvents.killing(this.#options.killTimeout)], {}, false);
      this.#stopped.abort();
    }
    await this.#running?.stop();
  }

  /** Ends the container as if it had ended by itself in this way. False when none runs. */
  induce(exit: InducedExit): boolean {
    if (this.#running === undefined || this.#stopping) return false;
    this.#induced = exit;
    void this.#running.stop();
    return true;
  }

  /** One start; its exit, or undefined when the driver could not start it. */
  async #runOnce(): Promise<TaskExit | undefined> {
    let running: RunningTask;
    try {
      running = await this.#options.executor.start(this.#options.spec);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#record([taskEvents.driverFailure(reason)], {}, false);
      return undefined;
    }
    this.#running = running;
    if (this.#stopping) void running.stop();
    this.#record([taskEvents.started()], { State: "running", StartedAt: new Date().toISOString() });
    const exit = await running.exited;
    this.#running = undefined;
    const told = this.#induced ?? exit;
    this.#record([taskEvents.terminated(told)], {}, false);
    return told;
  }

  #die(events: readonly TaskEvent[], failed: boolean): void {
    this.#record(events, { State: "dead", Failed: failed, FinishedAt: new Date().toISOString() });
  }

  #record(events: readonly TaskEvent[], change: Partial<TaskState>, tell = true): void {
    const history = [...(this.#state.Events ?? []), ...events].slice(-TASK_EVENT_LIMIT);
    this.#state = { ...this.#state, ...change, Events: history };
    if (tell) this.#options.onChange();
  }

  #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#stopped;
    return new Promise((resolve) => {
      const timer = setTimeout(done, milliseconds);
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      }
      if (signal.aborted) done();
      else signal.addEventListener("abort", done);
    });
  }
}
