import type { TaskSpec } from "../../executor.js";
import type { JsonObject } from "../../job/pick.js";
import type { DriverConfig } from "./driver-config.js";

/** Processes and threads of one container unless its job says otherwise: enough for a JVM, and a fork bomb stays small. */
const PIDS = 512;
const LEAST_SHARES = 2;
const MOST_SHARES = 262_144;
const LOGS = { Type: "json-file", Config: { "max-size": "1m", "max-file": "1" } };

/** Docker's own defaults without `NET_RAW`, as Nomad's driver gives them. */
const CAPABILITIES = ["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"].concat([
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]);

/** What a task's container is made of, besides its task. */
export interface ContainerOptions {
  readonly labels: Readonly<Record<string, string>>;
  /** The address that mapped ports are bound to. */
  readonly hostIp: string;
  /** MHz of one core, for a hard limit of the processor. */
  readonly coreMhz: number;
}

/** The body of Docker's `POST /containers/create` for a task (agent.md, executors). */
export function containerBody(spec: TaskSpec, config: DriverConfig, options: ContainerOptions): JsonObject {
  return {
    Image: config.image,
    Cmd: spec.command,
    Entrypoint: config.entrypoint,
    WorkingDir: config.work_dir,
    Hostname: config.hostname,
    Env: Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
    Labels: { ...config.labels, ...options.labels },
    StopSignal: "SIGKILL",
    ExposedPorts: Object.fromEntries(mappings(spec).map(({ inside }) => [inside, {}])),
    HostConfig: { ...limits(spec, config, options), ...network(spec, config, options), ...hardening(config) },
  };
}

function limits(spec: TaskSpec, config: DriverConfig, { coreMhz }: ContainerOptions): JsonObject {
  const memory = spec.memory * 2 ** 20;
  return {
    Memory: memory,
    // No swap beside it: the limit is the limit.
    MemorySwap: memory,
    CpuShares: Math.min(MOST_SHARES, Math.max(LEAST_SHARES, Math.round(spec.cpu))),
    ...(config.cpu_hard_limit
      ? {
          CpuPeriod: config.cpu_cfs_period,
          CpuQuota: Math.max(1_000, Math.round((spec.cpu / coreMhz) * config.cpu_cfs_period)),
        }
      : {}),
    PidsLimit: config.pids_limit === undefined || config.pids_limit === 0 ? PIDS : config.pids_limit,
    OomScoreAdj: config.oom_score_adj,
    ShmSize: config.shm_size,
    Ulimits: Object.entries(config.ulimit ?? {}).map(([Name, value]) => ({ Name, ...ulimit(value) })),
  };
}

function network(spec: TaskSpec, config: DriverConfig, { hostIp }: ContainerOptions): JsonObject {
  if (!spec.network) return { NetworkMode: "none" };
  const bindings = mappings(spec).map(({ inside, outside }) => [
    inside,
    [{ HostIp: hostIp, HostPort: String(outside) }],
  ]);
  return {
    NetworkMode: config.network_mode || "bridge",
    PortBindings: Object.fromEntries(bindings) as JsonObject,
    Dns: config.dns_servers ?? spec.dns?.servers,
    DnsSearch: config.dns_search_domains ?? spec.dns?.searches,
    DnsOptions: config.dns_options ?? spec.dns?.options,
    ExtraHosts: config.extra_hosts,
  };
}

function hardening(config: DriverConfig): JsonObject {
  const logging = config.logging;
  return {
    CapDrop: ["ALL"],
    CapAdd: capabilities(config),
    GroupAdd: config.group_add,
    Init: config.init,
    IpcMode: config.ipc_mode,
    LogConfig:
      logging === undefined
        ? LOGS
        : { Type: logging.type ?? logging.driver ?? LOGS.Type, Config: logging.config ?? {} },
    ReadonlyRootfs: config.readonly_rootfs,
    Runtime: config.runtime,
    SecurityOpt: config.security_opt,
    Sysctls: config.sysctl,
    Tmpfs: Object.fromEntries((config.tmpfs ?? []).map((path) => [path, ""])),
    RestartPolicy: { Name: "no" },
  };
}

/** The capabilities of root in the container: the usual ones less `cap_drop`, with `cap_add` from among the usual ones only. */
export function capabilities(config: Pick<DriverConfig, "cap_add" | "cap_drop">): readonly string[] {
  const dropped = new Set(config.cap_drop.map(plainName));
  const kept = dropped.has("ALL") ? [] : CAPABILITIES.filter((name) => !dropped.has(name));
  const added = config.cap_add.map(plainName);
  const refused = added.filter((name) => name !== "ALL" && !CAPABILITIES.includes(name));
  if (refused.length > 0)
    throw new Error(`driver does not allow the following capabilities: ${refused.join(", ").toLowerCase()}`);
  return added.includes("ALL") ? CAPABILITIES : [...new Set([...kept, ...added])];
}

function plainName(capability: string): string {
  return capability.toUpperCase().replace(/^CAP_/, "");
}

/** A port without `to` is the same inside. */
function mappings(spec: TaskSpec): readonly { readonly inside: string; readonly outside: number }[] {
  return spec.ports.flatMap(({ to, host }) => {
    const port = to > 0 ? to : host;
    return [`${port}/tcp`, `${port}/udp`].map((inside) => ({ inside, outside: host }));
  });
}

/** `soft:hard`, or one number for both. */
function ulimit(text: string): { readonly Soft: number; readonly Hard: number } {
  const [soft = "", hard = soft] = text.split(":");
  return { Soft: Number(soft), Hard: Number(hard) };
}
