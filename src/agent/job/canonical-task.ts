import { asNumber, asObject, type JsonObject, nullIfEmpty, withDefaults } from "./pick.js";
import { type RestartPolicy, restartPolicyFrom } from "./policies.js";

const TASK_DEFAULTS: JsonObject = {
  Actions: null,
  Affinities: null,
  Artifacts: null,
  CSIPluginConfig: null,
  Config: null,
  Constraints: null,
  Consul: null,
  DispatchPayload: null,
  Driver: "",
  Env: null,
  Identities: null,
  Identity: null,
  KillSignal: "",
  KillTimeout: 0,
  Kind: "",
  Leader: false,
  Lifecycle: null,
  LogConfig: null,
  Meta: null,
  Name: "",
  Resources: null,
  RestartPolicy: null,
  ScalingPolicies: null,
  Schedule: null,
  Services: null,
  ShutdownDelay: 0,
  Templates: null,
  User: "",
  Vault: null,
  VolumeMounts: null,
};

const RESOURCE_DEFAULTS: JsonObject = {
  CPU: 100,
  Cores: 0,
  Devices: null,
  DiskMB: 0,
  IOPS: 0,
  MemoryMB: 300,
  MemoryMaxMB: 0,
  NUMA: null,
  Networks: null,
  SecretsMB: 0,
};

const IDENTITY: JsonObject = {
  Audience: ["nomadproject.io"],
  ChangeMode: "",
  ChangeSignal: "",
  Env: false,
  File: false,
  Filepath: "",
  Name: "default",
  ServiceName: "",
  TTL: 0,
};

const LOG_DEFAULTS: JsonObject = { Disabled: false, MaxFileSizeMB: 10, MaxFiles: 10 };
const KILL_TIMEOUT = 5_000_000_000;
const LISTS = [
  "Actions",
  "Affinities",
  "Artifacts",
  "Config",
  "Constraints",
  "Env",
  "Meta",
  "Services",
  "Templates",
  "VolumeMounts",
];

/** A task with Nomad's defaults; its restart policy is the group's with what it sets itself. */
export function canonicalTask(source: JsonObject, groupRestart: RestartPolicy): Record<string, unknown> {
  const task = withDefaults(source, TASK_DEFAULTS);
  for (const key of LISTS) task[key] = nullIfEmpty(task[key]);
  return {
    ...task,
    Identity: withDefaults(asObject(source.Identity), IDENTITY),
    KillTimeout: asNumber(source.KillTimeout, 0) === 0 ? KILL_TIMEOUT : source.KillTimeout,
    LogConfig: withDefaults(asObject(source.LogConfig), LOG_DEFAULTS),
    Resources: withDefaults(asObject(source.Resources), RESOURCE_DEFAULTS),
    RestartPolicy: restartPolicyFrom(source.RestartPolicy, groupRestart),
  };
}
