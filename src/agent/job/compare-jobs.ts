import { isDeepStrictEqual } from "node:util";
import { asObject, asObjects, type JsonObject } from "./pick.js";

/** What Nomad itself writes into a job; no part of what was asked for. */
const BOOKKEEPING = new Set([
  "CreateIndex",
  "ModifyIndex",
  "JobModifyIndex",
  "Version",
  "SubmitTime",
  "Status",
  "StatusDescription",
  "Stable",
  "NomadTokenID",
]);

/** Whether a registration asks for anything else than what is there: only then the job gets a new version and modify index. */
export function isSpecChanged(before: JsonObject, after: JsonObject): boolean {
  return !isDeepStrictEqual(specOf(before), specOf(after));
}

function specOf(job: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(job).filter(([key]) => !BOOKKEEPING.has(key)));
}

/** Fields of a task whose change needs a new allocation. */
const TASK_FIELDS = [
  "Driver",
  "User",
  "Config",
  "Env",
  "Artifacts",
  "Vault",
  "Consul",
  "Templates",
  "CSIPluginConfig",
  "VolumeMounts",
  "Resources",
  "Identity",
  "Identities",
];

/**
 * Whether the group's allocation must be replaced to follow the job; otherwise it is taken over as it runs. Meta counts as the task
 * sees it: the job's, the group's and its own together. So a changed meta of **another** group restarts nothing (nomad.md).
 */
export function needsNewAllocation(before: JsonObject, after: JsonObject, groupName: string): boolean {
  const old = groupOf(before, groupName);
  const next = groupOf(after, groupName);
  if (old === undefined || next === undefined) return true;
  const differs = (a: JsonObject, b: JsonObject, keys: readonly string[]) =>
    keys.some((key) => !isDeepStrictEqual(a[key], b[key]));
  if (differs(old, next, ["EphemeralDisk", "Networks", "Consul", "Volumes"])) return true;
  const oldTasks = asObjects(old.Tasks);
  const nextTasks = new Map(asObjects(next.Tasks).map((task) => [task.Name, task]));
  if (oldTasks.length !== nextTasks.size) return true;
  return oldTasks.some((task) => {
    const other = nextTasks.get(task.Name);
    if (other === undefined || differs(task, other, TASK_FIELDS)) return true;
    if (asObject(task.LogConfig).Disabled !== asObject(other.LogConfig).Disabled) return true;
    return !isDeepStrictEqual(metaOf(before, old, task), metaOf(after, next, other));
  });
}

function groupOf(job: JsonObject, name: string): JsonObject | undefined {
  return asObjects(job.TaskGroups).find((group) => group.Name === name);
}

function metaOf(...levels: readonly JsonObject[]): JsonObject {
  return Object.assign({}, ...levels.map((level) => asObject(level.Meta)));
}
