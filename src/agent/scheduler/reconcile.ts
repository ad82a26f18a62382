import { needsNewAllocation } from "../job/compare-jobs.js";
import { asNumber, asObjects, asText, type JsonObject } from "../job/pick.js";
import type { ReschedulePolicy } from "../job/policies.js";
import { type AllocationRecord, isTerminal, type JobRecord } from "../state/records.js";
import { decideReschedule } from "./reschedule.js";

/** What an evaluation wants for one allocation. */
export type Step =
  | { readonly kind: "stop"; readonly allocation: AllocationRecord; readonly reason: string }
  /** The allocation runs on under the new job. */
  | { readonly kind: "keep-running"; readonly allocation: AllocationRecord }
  | {
      readonly kind: "place";
      readonly group: JsonObject;
      readonly slot: number;
      readonly previous?: AllocationRecord;
      /** The previous one failed or was lost, in contrast to a change of the job. */
      readonly rescheduled?: boolean;
      /** Nanoseconds that the reschedule policy had it wait. */
      readonly delay?: number;
    }
  /** Look again after `delay` nanoseconds. */
  | { readonly kind: "wait"; readonly allocation: AllocationRecord; readonly delay: number };

const NOT_NEEDED = "alloc not needed due to job update";
const UPDATED = "alloc is being updated due to job update";

/**
 * What must happen so that a job has the allocations that it asks for. Pure.
 * @param options.now nanoseconds since 1970
 * @param options.isPending whether another evaluation is still to come; allocations that it waits for are left to it
 */
export function reconcile(
  job: JobRecord | undefined,
  allocations: readonly AllocationRecord[],
  options: { readonly now: number; readonly isPending: (evaluationId: string) => boolean },
): readonly Step[] {
  if (job === undefined || job.Stop) {
    return allocations
      .filter((allocation) => !isTerminal(allocation))
      .map((allocation) => ({ kind: "stop", allocation, reason: NOT_NEEDED }));
  }
  const groups = asObjects(job.TaskGroups);
  const steps: Step[] = [];
  const names = new Set(groups.map((group) => group.Name));
  for (const allocation of allocations) {
    if (!names.has(allocation.TaskGroup) && !isTerminal(allocation)) {
      steps.push({ kind: "stop", allocation, reason: NOT_NEEDED });
    }
  }
  for (const group of groups) {
    const own = allocations.filter((allocation) => allocation.TaskGroup === group.Name);
    steps.push(...reconcileGroup(job, group, own, options));
  }
  return steps;
}

function reconcileGroup(
  job: JobRecord,
  group: JsonObject,
  allocations: readonly AllocationRecord[],
  options: { readonly now: number; readonly isPending: (evaluationId: string) => boolean },
): readonly Step[] {
  const count = job.Type === "system" ? 1 : asNumber(group.Count, 0);
  const steps: Step[] = [];
  const slots = new Set<number>();
  for (const allocation of allocations.filter((one) => holdsSlot(one, job)).sort(bySlot)) {
    const slot = slotOf(allocation);
    if (slot >= count || slots.has(slot)) {
      if (!isTerminal(allocation)) steps.push({ kind: "stop", allocation, reason: NOT_NEEDED });
      continue;
    }
    slots.add(slot);
    steps.push(...stepsForSlot(job, group, allocation, { ...options, slot }));
  }
  for (let slot = 0; slot < count; slot++) {
    if (!slots.has(slot)) steps.push({ kind: "place", group, slot });
  }
  return steps;
}

/** Whether an allocation counts for its place in the group: it lives, or it ended by itself under this version of a batch job. */
function holdsSlot(allocation: AllocationRecord, job: JobRecord): boolean {
  if (allocation.DesiredStatus === "stop") return false;
  if (allocation.ClientStatus === "complete") {
    return (job.Type === "batch" || job.Type === "sysbatch") && allocation.Job.Version >= job.Version;
  }
  return !(allocation.ClientStatus === "failed" && allocation.Job.Version < job.Version);
}

function stepsForSlot(
  job: JobRecord,
  group: JsonObject,
  allocation: AllocationRecord,
  options: {
    readonly now: number;
    readonly isPending: (evaluationId: string) => boolean;
    readonly slot: number;
  },
): readonly Step[] {
  const { slot } = options;
  if (allocation.ClientStatus === "complete") return [];
  if (allocation.ClientStatus === "lost") {
    return [{ kind: "place", group, slot, previous: allocation, rescheduled: true, delay: 0 }];
  }
  if (allocation.ClientStatus === "failed") {
    const policy = group.ReschedulePolicy as ReschedulePolicy | null;
    const decision = decideReschedule(allocation, policy, options.now);
    if (decision.kind === "never") return [];
    const follow = allocation.FollowupEvalID;
    if (typeof follow !== "string") return [{ kind: "wait", allocation, delay: decision.delay }];
    if (options.isPending(follow)) return [];
    return [{ kind: "place", group, slot, previous: allocation, rescheduled: true, delay: decision.delay }];
  }
  const migrates = (allocation.DesiredTransition as JsonObject | undefined)?.Migrate === true;
  if (migrates) {
    return [
      { kind: "stop", allocation, reason: "alloc is being migrated" },
      { kind: "place", group, slot, previous: allocation },
    ];
  }
  if (allocation.Job.JobModifyIndex === job.JobModifyIndex) return [];
  if (needsNewAllocation(allocation.Job, job, asText(group.Name))) {
    return [
      { kind: "stop", allocation, reason: UPDATED },
      { kind: "place", group, slot, previous: allocation },
    ];
  }
  return [{ kind: "keep-running", allocation }];
}

/** `job.group[3]` is place 3. */
function slotOf(allocation: AllocationRecord): number {
  return Number(/\[(\d+)\]$/.exec(allocation.Name)?.[1] ?? 0);
}

function bySlot(a: AllocationRecord, b: AllocationRecord): number {
  return slotOf(a) - slotOf(b) || a.CreateIndex - b.CreateIndex;
}
