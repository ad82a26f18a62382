// biome-ignore lint/suspicious/noExplicitAny: a job as a test wrote it
type Json = any;

const TASK = {
  Actions: null,
  Affinities: null,
  Artifacts: null,
  CSIPluginConfig: null,
  Constraints: null,
  Consul: null,
  DispatchPayload: null,
  Env: null,
  Identities: null,
  Identity: {
    Audience: ["nomadproject.io"],
    ChangeMode: "",
    ChangeSignal: "",
    Env: false,
    File: false,
    Filepath: "",
    Name: "default",
    ServiceName: "",
    TTL: 0,
  },
  KillSignal: "",
  KillTimeout: 5_000_000_000,
  Kind: "",
  Leader: false,
  Lifecycle: null,
  Meta: null,
  ScalingPolicies: null,
  Schedule: null,
  Services: null,
  ShutdownDelay: 0,
  Templates: null,
  User: "",
  Vault: null,
  VolumeMounts: null,
};

const RESOURCES = {
  Cores: 0,
  Devices: null,
  DiskMB: 0,
  IOPS: 0,
  MemoryMaxMB: 0,
  NUMA: null,
  Networks: null,
  SecretsMB: 0,
};

const GROUP = {
  Affinities: null,
  Constraints: null,
  Consul: null,
  Disconnect: null,
  MaxClientDisconnect: null,
  Meta: null,
  Migrate: null,
  Networks: null,
  PreventRescheduleOnLost: false,
  Scaling: null,
  Services: null,
  ShutdownDelay: null,
  Spreads: null,
  StopAfterClientDisconnect: null,
  Update: null,
  Volumes: null,
};

const JOB = {
  Affinities: null,
  AllAtOnce: false,
  Constraints: null,
  ConsulNamespace: "",
  DispatchIdempotencyToken: "",
  Dispatched: false,
  Meta: null,
  Multiregion: null,
  Namespace: "default",
  NodePool: "default",
  NomadTokenID: "",
  ParameterizedJob: null,
  ParentID: "",
  Payload: null,
  Periodic: null,
  Priority: 50,
  Region: "global",
  Spreads: null,
  Stable: false,
  StatusDescription: "",
  Stop: false,
  UI: null,
  Update: {
    AutoPromote: false,
    AutoRevert: false,
    Canary: 0,
    HealthCheck: "",
    HealthyDeadline: 0,
    MaxParallel: 0,
    MinHealthyTime: 0,
    ProgressDeadline: 0,
    Stagger: 0,
  },
  VaultNamespace: "",
  Version: 0,
  VersionTag: null,
};

/** What Nomad 1.10.5 makes of a runner's job when it is read back, all but indexes, status and times. */
export function canonicalRunnerJob(job: Json): Json {
  const [main, config] = job.TaskGroups;
  const restart = { ...main.RestartPolicy, RenderTemplates: false };
  const batchRestart = {
    Attempts: 3,
    Delay: 15_000_000_000,
    Interval: 86_400_000_000_000,
    Mode: "fail",
    RenderTemplates: false,
  };
  const task = (one: Json, policy: Json) => ({
    ...TASK,
    ...one,
    KillTimeout: 5_000_000_000,
    LogConfig: { ...one.LogConfig, Disabled: false },
    Resources: { ...RESOURCES, ...one.Resources },
    RestartPolicy: policy,
  });
  const networks = main.Networks?.map((network: Json) => ({
    DynamicPorts: network.DynamicPorts.map((port: Json) => ({ HostNetwork: "default", ...port })),
  }));
  return {
    ...JOB,
    ...job,
    TaskGroups: [
      {
        ...GROUP,
        ...main,
        Constraints: [{ LTarget: `\${attr.os.signals}`, Operand: "set_contains", RTarget: "SIGKILL" }],
        EphemeralDisk: { Migrate: false, SizeMB: 10, Sticky: false },
        Networks: networks ?? null,
        RestartPolicy: restart,
        Spreads: main.Spreads.map((spread: Json) => ({ ...spread, SpreadTarget: null })),
        Tasks: [task(main.Tasks[0], restart)],
      },
      {
        ...GROUP,
        ...config,
        EphemeralDisk: { Migrate: false, SizeMB: 300, Sticky: false },
        ReschedulePolicy: {
          Attempts: 1,
          Delay: 5_000_000_000,
          DelayFunction: "constant",
          Interval: 86_400_000_000_000,
          MaxDelay: 0,
          Unlimited: false,
        },
        RestartPolicy: batchRestart,
        Tasks: [task(config.Tasks[0], batchRestart)],
      },
    ],
  };
}
