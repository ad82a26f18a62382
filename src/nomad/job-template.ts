import {
  BUILT_IN_GROUP,
  BUILT_IN_TASK,
  BUILT_IN_TEMPLATE,
  CONFIG_GROUP_BASE,
  CONFIG_TASK,
  RESERVED_MEMORY_MB,
  RUNNER_COMMAND,
} from "./built-in-template.js";
import { configMeta, definitionOf, findGroup, withConfigMeta, withGroup } from "./job-definition.js";
import { CONFIG_GROUP, DEFAULT_GROUP, DEFAULT_TASK, templateJobId } from "./job-ids.js";
import { exposedPortsOf, groupNetwork, type NetworkOptions } from "./network.js";
import type { EnvironmentSettings } from "./settings.js";
import type { Job, Meta, Resources, Task, TaskGroup } from "./wire.js";

/** Nomad's smallest memory reservation in MB; limits below are kept in the config group's meta. */
const LEAST_MEMORY_MB = 10;

/** Drivers whose task config knows `image`, `network_mode` and `force_pull`; for others the config group's meta keeps them. */
const IMAGE_DRIVERS: ReadonlySet<string> = new Set(["docker", "podman"]);

/** What every template job of this server is made from. */
export interface TemplateOptions {
  /** The job of `server.templatejobfile`; undefined: the built-in one. */
  readonly base: Job | undefined;
  readonly network: NetworkOptions;
  /** `nomad.disableforcepull`. */
  readonly disableForcePull: boolean;
}

/** The template job of an environment, ready to be registered (nomad.md, "Job layout"). */
export function buildTemplateJob(id: number, settings: EnvironmentSettings, options: TemplateOptions): Job {
  const job = completed(definitionOf(options.base ?? BUILT_IN_TEMPLATE));
  const named = { ...job, ID: templateJobId(id), Name: templateJobId(id), Type: job.Type ?? "batch" };
  const placed = { ...named, Datacenters: job.Datacenters ?? BUILT_IN_TEMPLATE.Datacenters ?? [] };
  const stored = withConfigMeta(placed, metaOf(settings, taskOf(placed)));
  const { Networks: _replaced, ...rest } = { ...findGroup(stored, DEFAULT_GROUP) };
  return withGroup(stored, DEFAULT_GROUP, (group) => ({
    ...(rest as TaskGroup),
    ...(settings.networkAccess ? { Networks: [groupNetwork(options.network, settings.exposedPorts)] } : {}),
    Tasks: (group.Tasks ?? []).map((task) =>
      task.Name === DEFAULT_TASK ? runnerTask(task, settings, !options.disableForcePull) : task,
    ),
  }));
}

/**
 * The job of a new runner: a duplicate of the environment's template job as it stands at Nomad, unknown fields kept, with nothing
 * in its config group but `used: "false"`.
 */
export function buildRunnerJob(
  template: Job,
  runnerId: string,
  options: { readonly forcePull: boolean },
): Job {
  const job = { ...definitionOf(template), ID: runnerId, Name: runnerId };
  const fresh = withConfigMeta(job, { used: "false" });
  return withGroup(fresh, DEFAULT_GROUP, (group) => ({
    ...group,
    Tasks: (group.Tasks ?? []).map((task) =>
      task.Name === DEFAULT_TASK && IMAGE_DRIVERS.has(task.Driver)
        ? { ...task, Config: { ...task.Config, force_pull: options.forcePull } }
        : task,
    ),
  }));
}

/** Reads an environment's settings back from its template job; undefined when the job is not laid out as ours. */
export function readSettings(job: Job): EnvironmentSettings | undefined {
  const meta = configMeta(job);
  const task = findTask(job);
  if (meta === undefined || task === undefined) return undefined;
  const group = findGroup(job, DEFAULT_GROUP);
  const networkAccess = IMAGE_DRIVERS.has(task.Driver)
    ? task.Config?.["network_mode"] !== "none"
    : (group?.Networks?.length ?? 0) > 0;
  return {
    prewarmingPoolSize: wholeNumber(meta["prewarmingPoolSize"]) ?? 0,
    cpuLimit: task.Resources?.CPU ?? 0,
    memoryLimit: wholeNumber(meta["memoryLimit"]) ?? task.Resources?.MemoryMaxMB ?? 0,
    image: String(task.Config?.["image"] ?? meta["image"] ?? ""),
    networkAccess,
    exposedPorts: networkAccess ? exposedPortsOf(group?.Networks) : [],
  };
}

/** Whether two jobs give their runners the same image, limits and network: what a recovered idle runner must share with its template. */
export function sameRunners(one: Job, other: Job): boolean {
  return runnerTraits(one) === runnerTraits(other);
}

function runnerTraits(job: Job): string {
  // What only a template job's meta keeps is left out: a runner's job has none of it.
  const { networkAccess, exposedPorts } = readSettings(job) ?? {};
  const { Driver, Config, Resources } = findTask(job) ?? {};
  const { CPU, MemoryMB, MemoryMaxMB } = Resources ?? {};
  return JSON.stringify([Driver, Config?.["image"], CPU, MemoryMB, MemoryMaxMB, networkAccess, exposedPorts]);
}

function findTask(job: Job): Task | undefined {
  return findGroup(job, DEFAULT_GROUP)?.Tasks?.find((task) => task.Name === DEFAULT_TASK);
}

function taskOf(job: Job): Task {
  return findTask(job) ?? BUILT_IN_TASK;
}

/** Adds the groups and tasks that the layout needs and a custom template left out. */
function completed(job: Job): Job {
  const groups = [...(job.TaskGroups ?? [])];
  if (!groups.some((group) => group.Name === DEFAULT_GROUP)) groups.unshift(BUILT_IN_GROUP);
  if (!groups.some((group) => group.Name === CONFIG_GROUP)) groups.push(CONFIG_GROUP_BASE);
  return { ...job, TaskGroups: groups.map(completedGroup) };
}

function completedGroup(group: TaskGroup): TaskGroup {
  if (group.Name === CONFIG_GROUP) {
    const tasks = withTask(group, CONFIG_TASK);
    return {
      ...group,
      Count: 0,
      Tasks: tasks.map((task) => (task.Name === CONFIG_TASK.Name ? alwaysTrue(task) : task)),
    };
  }
  if (group.Name !== DEFAULT_GROUP) return group;
  return { ...group, Count: 1, Tasks: withTask(group, BUILT_IN_TASK) };
}

/** The group's tasks, with `needed` behind them where none has its name. */
function withTask(group: TaskGroup, needed: Task): Task[] {
  const tasks = group.Tasks ?? [];
  return tasks.some(({ Name }) => Name === needed.Name) ? [...tasks] : [...tasks, needed];
}

function alwaysTrue(task: Task): Task {
  return { ...task, Config: { ...task.Config, command: "true" } };
}

function runnerTask(task: Task, settings: EnvironmentSettings, forcePull: boolean): Task {
  const image = IMAGE_DRIVERS.has(task.Driver)
    ? { image: settings.image, network_mode: settings.networkAccess ? "" : "none", force_pull: forcePull }
    : {};
  return {
    ...task,
    Config: { ...task.Config, ...RUNNER_COMMAND, ...image },
    Resources: { ...task.Resources, CPU: settings.cpuLimit, ...memory(settings.memoryLimit, task.Resources) },
  };
}

/** What is reserved, and what a runner may grow to with memory oversubscription; 0 leaves the template's reservation as the bound. */
function memory(limit: number, template: Resources | null | undefined): Resources {
  const reserved = template?.MemoryMB ?? RESERVED_MEMORY_MB;
  if (limit === 0) return { MemoryMB: reserved, MemoryMaxMB: 0 };
  const least = Math.max(LEAST_MEMORY_MB, Math.min(reserved, limit));
  return { MemoryMB: least, MemoryMaxMB: Math.max(least, limit) };
}

function metaOf(settings: EnvironmentSettings, task: Task): Meta {
  const small = settings.memoryLimit > 0 && settings.memoryLimit < LEAST_MEMORY_MB;
  return {
    used: "false",
    prewarmingPoolSize: String(settings.prewarmingPoolSize),
    ...(small ? { memoryLimit: String(settings.memoryLimit) } : {}),
    ...(IMAGE_DRIVERS.has(task.Driver) ? {} : { image: settings.image }),
  };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
