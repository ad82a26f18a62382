import type { ExecProcess, ExecSpec, Executor, RunningTask, TaskExit, TaskSpec } from "../executor.js";

/** Runs nothing: tasks count as running until they are stopped, commands end at once with 0. For load tests only (agent.md). */
export function createNullExecutor(): Executor {
  const tasks = new Set<RunningTask>();
  return {
    name: "null",
    notices: ["nothing runs: every command ends at once with exit code 0"],
    start(_spec: TaskSpec): Promise<RunningTask> {
      const task = new NullTask(() => tasks.delete(task));
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
  readonly #onStop: () => void;
  #end: (exit: TaskExit) => void = () => undefined;

  constructor(onStop: () => void) {
    this.#onStop = onStop;
    this.exited = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  exec(_spec: ExecSpec): Promise<ExecProcess> {
    return Promise.resolve(createNullProcess());
  }

  stop(): Promise<void> {
    this.#onStop();
    this.#end({ exitCode: 137, signal: 9, oomKilled: false });
    return Promise.resolve();
  }
}

function createNullProcess(): ExecProcess {
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
