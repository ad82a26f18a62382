import { CONFIG_GROUP } from "./job-ids.js";
import type { Job, Meta, TaskGroup } from "./wire.js";

/** What Nomad adds to a job by itself, so that it must not be sent back with a copy (nomad.md, "Job layout"). */
const NOMADS_OWN = [
  "Status",
  "StatusDescription",
  "Stable",
  "Stop",
  "Version",
  "VersionTag",
  "SubmitTime",
  "CreateIndex",
  "ModifyIndex",
  "JobModifyIndex",
  "NomadTokenID",
  "Dispatched",
  "DispatchIdempotencyToken",
  "ParentID",
  "Namespace",
] as const;

/** A job as somebody registered it: without what Nomad added, unknown fields kept. */
export function definitionOf(job: Job): Job {
  const copy: Record<string, unknown> = { ...job };
  for (const field of NOMADS_OWN) delete copy[field];
  return copy as Job;
}

/** The group of this name, if the job has it. */
export function findGroup(job: Job, name: string): TaskGroup | undefined {
  return job.TaskGroups?.find((group) => group.Name === name);
}

/** A copy of `job` with `change` applied to its group `name`; other groups are shared with the original. */
export function withGroup(job: Job, name: string, change: (group: TaskGroup) => TaskGroup): Job {
  return {
    ...job,
    TaskGroups: (job.TaskGroups ?? []).map((group) => (group.Name === name ? change(group) : group)),
  };
}

/** The settings stored in the `config` group; undefined when the job has no such group. */
export function configMeta(job: Job): Meta | undefined {
  const group = findGroup(job, CONFIG_GROUP);
  return group === undefined ? undefined : (group.Meta ?? {});
}

/** A copy of `job` whose `config` group has exactly this meta: the one part of a living runner's job that may change. */
export function withConfigMeta(job: Job, meta: Meta): Job {
  return withGroup(job, CONFIG_GROUP, (group) => ({ ...group, Meta: meta }));
}
