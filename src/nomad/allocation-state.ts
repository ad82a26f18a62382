import { DEFAULT_TASK } from "./job-ids.js";
import type { AllocatedPort, Allocation, TaskEvent, TaskState } from "./wire.js";

/**
 * Where an allocation is in its life (nomad.md, "Event stream"):
 * `starting` not ready yet; `running` its task runs, commands can be executed; `restarting` its task ended and Nomad starts it again, the old
 * content is gone; `ended` it will not run again.
 */
export type AllocationPhase = "starting" | "running" | "restarting" | "ended";

/** What the server needs to know of one allocation of a runner or template job. */
export interface AllocationState {
  readonly id: string;
  readonly jobId: string;
  readonly nodeId: string;
  readonly phase: AllocationPhase;
  /** Nomad stopped it, or it completed: as expected, in the protocol's words; otherwise it failed or was lost. */
  readonly endedAsExpected: boolean;
  /** The newest end of its task was the kernel's OOM killer. */
  readonly oomKilled: boolean;
  /** Tells two lives of the same allocation apart: a restart changes it. */
  readonly incarnation: string;
  readonly replaced: boolean;
  /** When its present life began, by its node's clock, in ms since 1970; undefined when it is the job's first, so far as can be told. */
  readonly startedAnewAt: number | undefined;
  readonly ports: readonly AllocatedPort[];
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** Reduces an allocation, as lists and events have it, to what the server needs. */
export function allocationState(allocation: Allocation): AllocationState {
  const task = allocation.TaskStates?.[DEFAULT_TASK];
  const restarts = task?.Restarts ?? 0;
  return {
    id: allocation.ID,
    jobId: allocation.JobID,
    nodeId: allocation.NodeID,
    phase: phaseOf(allocation),
    endedAsExpected: allocation.ClientStatus !== "failed" && allocation.ClientStatus !== "lost",
    oomKilled: newestTermination(task?.Events ?? [])?.Details?.["oom_killed"] === "true",
    incarnation: `${allocation.ID}#${restarts}`,
    startedAnewAt: restarts > 0 || (allocation.PreviousAllocation ?? "") !== "" ? startOf(task) : undefined,
    replaced: (allocation.NextAllocation ?? "") !== "",
    ports: allocation.AllocatedResources?.Shared?.Ports ?? [],
    createIndex: allocation.CreateIndex,
    modifyIndex: allocation.ModifyIndex,
  };
}

/** The allocation that stands for its job now: the newest that lives, else the newest. */
export function currentAllocation(allocations: Iterable<AllocationState>): AllocationState | undefined {
  let best: AllocationState | undefined;
  for (const candidate of allocations) {
    if (best === undefined || rank(candidate) > rank(best)) best = candidate;
  }
  return best;
}

function rank({ phase, createIndex }: AllocationState): number {
  return phase === "ended" ? createIndex - Number.MAX_SAFE_INTEGER : createIndex;
}

function phaseOf({ DesiredStatus, ClientStatus, TaskStates }: Allocation): AllocationPhase {
  const task = TaskStates?.[DEFAULT_TASK];
  if (DesiredStatus !== "run") return "ended";
  if (ClientStatus === "complete" || ClientStatus === "failed" || ClientStatus === "lost") return "ended";
  if (task?.State === "running" && ClientStatus === "running") return "running";
  if (task?.State === "dead") return "ended";
  return (task?.Restarts ?? 0) > 0 ? "restarting" : "starting";
}

function startOf(task: TaskState | undefined): number | undefined {
  const time = Date.parse(task?.StartedAt ?? "");
  return Number.isNaN(time) ? undefined : time;
}

function newestTermination(events: readonly TaskEvent[]): TaskEvent | undefined {
  return events
    .filter(({ Type }) => Type === "Terminated")
    .reduce<TaskEvent | undefined>(
      (newest, event) => (newest === undefined || event.Time >= newest.Time ? event : newest),
      undefined,
    );
}
