import type { ExecProcess, ExecSpec, Executor, RunningTask, TaskExit, TaskSpec } from "../executor.js";

/** What a command of a task that does not exist answers. */
export type CannedExec = (spec: ExecSpec, task: TaskSpec) => ExecProcess;

/**
 * Runs nothing: tasks count as running until they are stopped, commands end at once with 0 and take any input. For load tests only
 * (agent.md). Those give `exec` to answer as the server's own shell texts would: the agent knows nothing of them.
 */
export function createNullExecutor(options: { readonly exec?: CannedExec } = {}): Executor {
  const tasks = new Set<RunningTask>();
  const exec = options.exec ?? createNullProcess;
  return {
    name: "null",
    notices: ["nothing runs: every command ends at once with exit code 0"],
    start(spec: TaskSpec): Promise<RunningTask> {
      const task = new NullTask({ exec: (command) => exec(command, spec), onStop: () => tasks.delete(task) });
      tasks.add(task);
      return Promise.resolve(task);
    },
    async close(): Promise<void> {
      await Promise.all([...tasks].map((task) => task.stop()));
    },
  };
}

class NullTask implements RunningTask {
  readonly exited: Promise<TaskExit>;
  readonly #options: { readonly exec: (spec: ExecSpec) => ExecProcess; readonly onStop: () => void };
  #end: (exit: TaskExit) => void = () => undefined;

  constructor(options: { readonly exec: (spec: ExecSpec) => ExecProcess; readonly onStop: () => void }) {
    this.#options = options;
    this.exited = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  exec(spec: ExecSpec): Promise<ExecProcess> {
    return Promise.resolve(this.#options.exec(spec));
  }

  stop(): Promise<void> {
    this.#options.onStop();
    this.#end({ exitCode: 137, signal: 9, oomKilled: false });
    return Promise.resolve();
  }
}

/** A process that has ended well already. */
export function createNullProcess(): ExecProcess {
  return {
    onStdout: () => undefined,
    onStderr: () => undefined,
    onDrain: () => undefined,
    exited: Promise.resolve(0),
    drained: Promise.resolve(),
    write: () => true,
    endInput: () => undefined,
    resize: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    detach: () => undefined,
  };
}
