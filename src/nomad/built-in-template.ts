import { CONFIG_GROUP, DEFAULT_GROUP, DEFAULT_TASK } from "./job-ids.js";
import type { Job, Task, TaskGroup } from "./wire.js";

const SECOND = 1_000_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** MB that the built-in template reserves for a runner; the limit is `MemoryMaxMB` (nomad.md, "Job layout"). */
export const RESERVED_MEMORY_MB = 50;

const LOGS = { MaxFiles: 1, MaxFileSizeMB: 1 };

/** The task that holds a runner: it sleeps, commands come by exec. Whatever a custom template says, it is this command. */
export const RUNNER_COMMAND = { command: "sleep", args: ["infinity"] } as const;

export const BUILT_IN_TASK: Task = {
  Name: DEFAULT_TASK,
  Driver: "docker",
  KillTimeout: 0,
  KillSignal: "SIGKILL",
  LogConfig: LOGS,
  Config: {},
  Resources: { MemoryMB: RESERVED_MEMORY_MB },
};

export const BUILT_IN_GROUP: TaskGroup = {
  Name: DEFAULT_GROUP,
  Count: 1,
  EphemeralDisk: { SizeMB: 10, Sticky: false, Migrate: false },
  // Biome takes Nomad's own interpolation syntax for a forgotten template literal.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Nomad interpolates this, not JavaScript.
  Spreads: [{ Attribute: "${node.unique.name}", Weight: 100 }],
  RestartPolicy: { Attempts: 3, Interval: HOUR, Delay: 15 * SECOND, Mode: "fail" },
  ReschedulePolicy: {
    Attempts: 3,
    Interval: 6 * HOUR,
    Delay: MINUTE,
    DelayFunction: "exponential",
    MaxDelay: 4 * MINUTE,
    Unlimited: false,
  },
  Tasks: [BUILT_IN_TASK],
};

/** The group that never runs and stores settings in its meta, so that changing them restarts nothing. */
export const CONFIG_TASK: Task = {
  Name: "config",
  Driver: "exec",
  Config: { command: "true" },
  Resources: { CPU: 1, MemoryMB: 10 },
  LogConfig: LOGS,
};

export const CONFIG_GROUP_BASE: TaskGroup = { Name: CONFIG_GROUP, Count: 0, Tasks: [CONFIG_TASK] };

/** The job that template jobs start from when no file is configured (`server.templatejobfile`). */
export const BUILT_IN_TEMPLATE: Job = {
  ID: "template",
  Type: "batch",
  Datacenters: ["dc1"],
  TaskGroups: [BUILT_IN_GROUP, CONFIG_GROUP_BASE],
};
