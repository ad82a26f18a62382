import { forEachLimit } from "../lib/for-each-limit.js";
import type { NomadClient } from "./client.js";
import type { ClusterState } from "./cluster-state.js";

/** Jobs read side by side: 1,000 runners in 2 s (lifecycle.md, "Start"). */
const READS_AT_ONCE = 32;

/**
 * Brings `state` to what Nomad has: complete lists of jobs and allocations, and every job whose definition is not known (group meta is in no
 * list). Returns how many objects differed that events up to `eventsSeen` should have told. Rejects with a NomadError when a list
 * is not complete: then it is not the truth.
 */
export async function takeSnapshot(
  client: NomadClient,
  state: ClusterState,
  options: { readonly eventsSeen: number; readonly signal: AbortSignal },
): Promise<number> {
  const { eventsSeen, signal } = options;
  const [jobs, allocations] = await Promise.all([
    client.listJobs({ signal }),
    client.listAllocations({ signal }),
  ]);
  const unread = state.applyStubs(jobs.items);
  await forEachLimit(READS_AT_ONCE, unread, async ({ ID }) => {
    const job = await client.readJob(ID, { signal });
    if (job !== undefined) state.applyJob(job);
  });
  const dropped = state.dropMissingJobs(jobs.items, jobs.index);
  const moved = state.applyAllocations(allocations.items, allocations.index);
  const overdue = [...unread, ...moved].filter(({ ModifyIndex }) => ModifyIndex <= eventsSeen).length;
  // When a job went is not in any list; it is overdue for certain only when nothing younger is in the list.
  return overdue + (jobs.index <= eventsSeen ? dropped : 0);
}
