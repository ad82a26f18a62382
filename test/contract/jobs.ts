import type { Target } from "./target.js";

/** What a test changes in the job of a runner. */
export interface JobChanges {
  readonly cpu?: number;
  readonly memory?: number;
  readonly memoryMax?: number;
  /** PID 1 in place of `sleep infinity`. */
  readonly command?: readonly [string, ...string[]];
  readonly meta?: Readonly<Record<string, string>>;
  readonly jobMeta?: Readonly<Record<string, string>>;
  readonly groupMeta?: Readonly<Record<string, string>>;
  readonly ports?: readonly number[];
  readonly attempts?: number;
  /** Nanoseconds. */
  readonly restartDelay?: number;
  readonly rescheduleDelay?: number;
  readonly rescheduleAttempts?: number;
  readonly datacenters?: readonly string[];
  readonly constraints?: readonly Readonly<Record<string, string>>[];
  readonly driver?: string;
}

const SECOND = 1_000_000_000;

/** The body that registers a runner's job: the layout of nomad.md. */
export function runnerJob(
  target: Target,
  id: string,
  changes: JobChanges = {},
): { Job: Record<string, unknown> } {
  const [command, ...args] = changes.command ?? ["sleep", "infinity"];
  const isContainer = (changes.driver ?? target.driver) === "docker";
  const config = isContainer
    ? { image: target.image, command, args, force_pull: false, network_mode: changes.ports ? "" : "none" }
    : { command, args };
  return {
    Job: {
      ID: id,
      Name: id,
      Type: "batch",
      Datacenters: changes.datacenters ?? ["dc1"],
      ...(changes.jobMeta === undefined ? {} : { Meta: changes.jobMeta }),
      ...(changes.constraints === undefined ? {} : { Constraints: changes.constraints }),
      TaskGroups: [
        {
          Name: "default-group",
          Count: 1,
          EphemeralDisk: { SizeMB: 10 },
          Spreads: [{ Attribute: `\${node.unique.name}`, Weight: 100 }],
          ...(changes.groupMeta === undefined ? {} : { Meta: changes.groupMeta }),
          ...(changes.ports === undefined
            ? {}
            : {
                Networks: [
                  { DynamicPorts: changes.ports.map((port) => ({ Label: String(port), To: port })) },
                ],
              }),
          RestartPolicy: {
            Attempts: changes.attempts ?? 3,
            Interval: 3_600 * SECOND,
            Delay: changes.restartDelay ?? 15 * SECOND,
            Mode: "fail",
          },
          ReschedulePolicy: {
            Attempts: changes.rescheduleAttempts ?? 3,
            Interval: 21_600 * SECOND,
            Delay: changes.rescheduleDelay ?? 60 * SECOND,
            DelayFunction: "exponential",
            MaxDelay: 240 * SECOND,
            Unlimited: false,
          },
          Tasks: [
            {
              Name: "default-task",
              Driver: changes.driver ?? target.driver,
              Config: config,
              KillSignal: "SIGKILL",
              KillTimeout: 0,
              LogConfig: { MaxFiles: 1, MaxFileSizeMB: 1 },
              Resources: {
                CPU: changes.cpu ?? 20,
                MemoryMB: changes.memory ?? 50,
                MemoryMaxMB: changes.memoryMax ?? 64,
              },
            },
          ],
        },
        {
          Name: "config",
          Count: 0,
          Meta: changes.meta ?? { used: "false" },
          Tasks: [
            {
              Name: "config",
              Driver: "exec",
              Config: { command: "true" },
              LogConfig: { MaxFiles: 1, MaxFileSizeMB: 1 },
              Resources: { CPU: 1, MemoryMB: 10 },
            },
          ],
        },
      ],
    },
  };
}
