const SECOND = 1_000_000_000;
const LOGS = { MaxFiles: 1, MaxFileSizeMB: 1 };

/** What an environment of the Go service has. */
export interface GoEnvironment {
  readonly image: string;
  readonly cpuLimit: number;
  readonly memoryLimit: number;
  readonly exposedPorts?: readonly number[];
}

/** A job with every field that the Go service's template gives it: its job file, and what it sets for an environment. */
function goServiceJob(id: string, environment: GoEnvironment, options: { forcePull: boolean; meta: object }) {
  const { image, cpuLimit, memoryLimit, exposedPorts } = environment;
  const networked = exposedPorts !== undefined;
  const ports = (exposedPorts ?? []).map((port) => ({ Label: String(port), To: port }));
  return {
    ID: id,
    Name: id,
    Type: "batch",
    Datacenters: ["dc1"],
    TaskGroups: [
      {
        Name: "default-group",
        Count: 1,
        EphemeralDisk: { Migrate: false, SizeMB: 10, Sticky: false },
        // biome-ignore lint/suspicious/noTemplateCurlyInString: Nomad interpolates this, not JavaScript
        Spreads: [{ Attribute: "${node.unique.name}", Weight: 100 }],
        RestartPolicy: { Attempts: 3, Delay: 15 * SECOND, Interval: 3_600 * SECOND, Mode: "fail" },
        ReschedulePolicy: {
          Unlimited: false,
          Attempts: 3,
          Interval: 21_600 * SECOND,
          Delay: 60 * SECOND,
          MaxDelay: 240 * SECOND,
          DelayFunction: "exponential",
        },
        Networks: networked ? [{ Mode: "bridge", DynamicPorts: ports }] : [],
        Tasks: [
          {
            Name: "default-task",
            Driver: "docker",
            KillTimeout: 0,
            KillSignal: "SIGKILL",
            Config: {
              image,
              command: "sleep",
              args: ["infinity"],
              network_mode: networked ? "" : "none",
              force_pull: options.forcePull,
            },
            LogConfig: LOGS,
            Resources: { CPU: cpuLimit, MemoryMB: 50, MemoryMaxMB: memoryLimit },
          },
        ],
      },
      {
        Name: "config",
        Count: 0,
        Meta: options.meta,
        Tasks: [
          {
            Name: "config",
            Driver: "exec",
            Config: { command: "true" },
            LogConfig: LOGS,
            Resources: { CPU: 1, MemoryMB: 10 },
          },
        ],
      },
    ],
  };
}

/** Its template job. `forcePull` is always true there; tests have nothing to pull from. */
export function goTemplateJob(id: number, poolSize: number, environment: GoEnvironment) {
  const meta = { used: "false", prewarmingPoolSize: String(poolSize) };
  return goServiceJob(`template-${id}`, environment, { forcePull: false, meta });
}

/** A runner's job: idle, or claimed with an inactivity timeout in seconds. */
export function goRunnerJob(id: string, environment: GoEnvironment, timeout?: number) {
  const meta = timeout === undefined ? { used: "false" } : { used: "true", timeout: String(timeout) };
  return goServiceJob(id, environment, { forcePull: false, meta });
}

/** A job as the Go service reads it; throws where that one would find nothing. */
// biome-ignore lint/suspicious/noExplicitAny: a job as it stands at Nomad
export function readAsGoService(job: any) {
  const group = (name: string) => {
    const found = job.TaskGroups.find(({ Name }: { Name: string }) => Name === name);
    if (found === undefined) throw new Error(`${job.ID} has no group ${name}`);
    return found;
  };
  const main = group("default-group");
  const task = main.Tasks.find(({ Name }: { Name: string }) => Name === "default-task");
  const { Meta: meta } = group("config");
  return {
    environment: Number(/^template-(\d+)$/.exec(job.ID)?.[1] ?? /^(\d+)-[0-9a-f-]{36}$/.exec(job.ID)?.[1]),
    used: meta.used === "true",
    timeout: meta.timeout === undefined ? undefined : Number(meta.timeout),
    poolSize: meta.prewarmingPoolSize === undefined ? undefined : Number(meta.prewarmingPoolSize),
    otherMeta: Object.keys(meta).filter((key) => !["used", "timeout", "prewarmingPoolSize"].includes(key)),
    image: task.Config.image,
    cpuLimit: task.Resources.CPU,
    memoryLimit: task.Resources.MemoryMaxMB,
    networkAccess: task.Config.network_mode !== "none",
    exposedPorts: (main.Networks?.[0]?.DynamicPorts ?? []).map(({ To }: { To: number }) => To),
  };
}
