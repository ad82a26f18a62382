import { asObjects, asText, type JsonObject } from "../../job/pick.js";
import { type AllocationRecord, type JobRecord, jobKey } from "../../state/records.js";
import type { StateStore } from "../../state/state-store.js";

type Counts = Record<"Complete" | "Failed" | "Lost" | "Queued" | "Running" | "Starting" | "Unknown", number>;

/** A job as lists show it: no groups and no group meta (nomad.md), with counts of its allocations. */
export function jobStub(store: StateStore, job: JobRecord, options: { readonly meta: boolean }): JsonObject {
  const entry = store.indexOf(jobKey(job.Namespace, job.ID));
  const summary: Record<string, Counts> = {};
  for (const group of asObjects(job.TaskGroups)) {
    const name = asText(group.Name);
    summary[name] = countsOf(store.allocationsOf(job.Namespace, job.ID), name, entry.queued[name] ?? 0);
  }
  return {
    CreateIndex: job.CreateIndex,
    Datacenters: job.Datacenters,
    ID: job.ID,
    JobModifyIndex: job.JobModifyIndex,
    JobSummary: {
      Children: { Dead: 0, Pending: 0, Running: 0 },
      CreateIndex: job.CreateIndex,
      JobID: job.ID,
      ModifyIndex: entry.summaryIndex,
      Namespace: job.Namespace,
      Summary: summary,
    },
    ...(options.meta ? { Meta: job.Meta } : {}),
    ModifyIndex: job.ModifyIndex,
    Multiregion: null,
    Name: job.Name,
    Namespace: job.Namespace,
    NodePool: "default",
    ParameterizedJob: false,
    ParentID: "",
    Periodic: false,
    Priority: job.Priority,
    Status: job.Status,
    StatusDescription: "",
    Stop: job.Stop,
    SubmitTime: job.SubmitTime,
    Type: job.Type,
  };
}

function countsOf(allocations: readonly AllocationRecord[], group: string, queued: number): Counts {
  const counts: Counts = {
    Complete: 0,
    Failed: 0,
    Lost: 0,
    Queued: queued,
    Running: 0,
    Starting: 0,
    Unknown: 0,
  };
  for (const allocation of allocations) {
    if (allocation.TaskGroup !== group) continue;
    if (allocation.ClientStatus === "pending") counts.Starting++;
    else if (allocation.ClientStatus === "running") counts.Running++;
    else if (allocation.ClientStatus === "complete") counts.Complete++;
    else if (allocation.ClientStatus === "failed") counts.Failed++;
    else counts.Lost++;
  }
  return counts;
}
