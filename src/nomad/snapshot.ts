import { Backoff } from "../lib/backoff.js";
import { forEachLimit } from "../lib/for-each-limit.js";
import { tellProgress } from "../lib/tell-progress.js";
import { Duration } from "../telemetry/duration.js";
import type { Logger } from "../telemetry/logger.js";
import type { NomadClient } from "./client.js";
import type { ClusterState } from "./cluster-state.js";
import { isNomadError } from "./errors.js";

/** Jobs read side by side: 1,000 runners in 2 s (lifecycle.md, "Start"). */
const READS_AT_ONCE = 32;

/** How a read that failed is tried again, ms. */
const AGAIN = { initial: 50, maximum: 200 };
/** How long after its beginning a read is tried again at all, ms: with the last pause and ANSWER_MS less than the 5 s that a client waits. */
const AGAIN_WITHIN = 500;

/** What a snapshot found. */
export interface SnapshotResult {
  /** How many objects differed that events should have told. */
  readonly repairs: number;
  /** Set when Nomad's indexes started over: where they are now. */
  readonly startedOverAt: number | undefined;
}

/**
 * Brings `state` to what Nomad has: complete lists of jobs and allocations, and every job whose definition is not known (group meta is in no
 * list). What events up to `eventsSeen` should have told counts as repaired. An index that went back is another Nomad, or one that was set
 * back: then nothing that was known holds. Rejects with a NomadError when a list is not complete: then it is not the truth.
 */
export async function takeSnapshot(
  client: NomadClient,
  state: ClusterState,
  options: {
    readonly eventsSeen: number;
    /** So long reading jobs is told of, ms. */
    readonly progressInterval: number;
    readonly logger: Logger;
    readonly signal: AbortSignal;
  },
): Promise<SnapshotResult> {
  const { eventsSeen, signal } = options;
  const before = state.jobBaseline;
  const [jobs, allocations] = await Promise.all([
    patiently(signal, () => client.listJobs({ signal })),
    patiently(signal, () => client.listAllocations({ signal })),
  ]);
  const startedOver = jobs.index < before;
  if (startedOver) state.forget();
  const unread = state.applyStubs(jobs.items);
  let read = 0;
  const start = performance.now();
  const end = tellProgress(options.progressInterval, () => {
    const duration = new Duration(performance.now() - start);
    options.logger.info("jobs are being read from Nomad", { read, jobs: unread.length, duration });
  });
  try {
    await forEachLimit(READS_AT_ONCE, unread, async ({ ID }) => {
      const job = await patiently(signal, () => client.readJob(ID, { signal }));
      if (job !== undefined) state.applyJob(job);
      read += 1;
    });
  } finally {
    end();
  }
  const dropped = state.dropMissingJobs(jobs.items, jobs.index);
  const moved = state.applyAllocations(allocations.items, allocations.index);
  const overdue = [...unread, ...moved].filter(({ ModifyIndex }) => ModifyIndex <= eventsSeen).length;
  // When a job went is not in any list; it is overdue for certain only when nothing younger is in the list.
  const repairs = overdue + (jobs.index <= eventsSeen ? dropped : 0);
  return startedOver
    ? { repairs: 0, startedOverAt: Math.max(jobs.index, allocations.index) }
    : { repairs, startedOverAt: undefined };
}

/** A busy Nomad refuses one of many reads now and then: all the others are not done again for that. A silent one is not asked again. */
async function patiently<T>(signal: AbortSignal, read: () => Promise<T>): Promise<T> {
  const end = performance.now() + AGAIN_WITHIN;
  const backoff = new Backoff(AGAIN);
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const passing = isNomadError(error) && (error.code === "unreachable" || (error.status ?? 0) >= 500);
      if (!passing || signal.aborted || performance.now() > end) throw error;
    }
    await backoff.wait({ signal });
  }
}
