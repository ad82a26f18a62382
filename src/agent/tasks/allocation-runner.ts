import type { TaskState } from "../../nomad/wire.js";
import type { Executor } from "../executor.js";
import { asNumber, asObjects, asText } from "../job/pick.js";
import type { RestartPolicy } from "../job/policies.js";
import type { AllocationRecord } from "../state/records.js";
import { RestartTracker } from "./restart-tracker.js";
import { TaskRunner } from "./task-runner.js";
import { groupNamed, taskSpecOf } from "./task-spec.js";

/** Runs the tasks of one allocation, side by side. */
export class AllocationRunner {
  readonly allocationId: string;
  readonly tasks: ReadonlyMap<string, TaskRunner>;
  /** Resolves when every task is dead. Never rejects. */
  readonly ended: Promise<void>;

  constructor(
    allocation: AllocationRecord,
    options: {
      readonly executor: Executor;
      readonly delayScale: number;
      /** The allocation that this one replaces must be gone first. */
      readonly after: Promise<void> | undefined;
      readonly onChange: (states: Readonly<Record<string, TaskState>>) => void;
    },
  ) {
    this.allocationId = allocation.ID;
    const group = groupNamed(allocation.Job, allocation.TaskGroup);
    const isBatch = allocation.Job.Type === "batch" || allocation.Job.Type === "sysbatch";
    const tasks = new Map<string, TaskRunner>();
    const onChange = () =>
      options.onChange(Object.fromEntries([...tasks].map(([name, task]) => [name, task.state])));
    for (const task of asObjects(group.Tasks)) {
      const runner = new TaskRunner({
        executor: options.executor,
        spec: taskSpecOf(allocation, group, task),
        restarts: new RestartTracker(task.RestartPolicy as RestartPolicy),
        isBatch,
        killTimeout: asNumber(task.KillTimeout, 5_000_000_000),
        delayScale: options.delayScale,
        onChange,
      });
      tasks.set(asText(task.Name), runner);
    }
    this.tasks = tasks;
    this.ended = (options.after ?? Promise.resolve()).then(async () => {
      await Promise.all([...tasks.values()].map((task) => task.run()));
    });
  }

  /** Ends all tasks; resolves when their containers are gone. */
  async stop(): Promise<void> {
    await Promise.all([...this.tasks.values()].map((task) => task.stop()));
    await this.ended;
  }
}
