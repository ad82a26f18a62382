import { EventBuffer } from "./event-buffer.js";
import { type AllocationRecord, type EvaluationRecord, type JobRecord, jobKey } from "./records.js";
import { SortedKeys } from "./sorted-keys.js";
import { Transaction } from "./transaction.js";

/** What Nomad keeps an index of its own for: the last change of any record of this kind. */
export type TableName = "jobs" | "allocations" | "evaluations" | "summaries";

/** A job's records that hang on it: ids of its allocations and evaluations, and what waits to be placed. */
export interface JobIndex {
  readonly allocations: Set<string>;
  readonly evaluations: Set<string>;
  /** Allocations that the last evaluation could not place, by group. */
  queued: Readonly<Record<string, number>>;
  /** The index of the last change that its summary shows. */
  summaryIndex: number;
}

/**
 * The agent's state, in memory, as Nomad's server has it: records never change in place, every change has an index, and every change is
 * published as events of one batch.
 */
export class StateStore {
  readonly jobs = new Map<string, JobRecord>();
  readonly allocations = new Map<string, AllocationRecord>();
  readonly evaluations = new Map<string, EvaluationRecord>();
  readonly jobIndexes = new Map<string, JobIndex>();
  /** Evaluations that wait for room, oldest first. */
  readonly blockedIds = new Set<string>();
  readonly jobKeys = new SortedKeys();
  readonly tables: Record<TableName, number> = { jobs: 1, allocations: 1, evaluations: 1, summaries: 1 };
  readonly events: EventBuffer;
  /** What takes batches to the buffer; fault injection puts itself between. */
  publish: (index: number, events: Transaction["events"]) => void;
  #index = 10;

  constructor(eventBufferSize: number) {
    this.events = new EventBuffer(eventBufferSize);
    this.publish = (index, events) => this.events.append(index, events);
  }

  /** The index of the last change. */
  get index(): number {
    return this.#index;
  }

  /** Leaves out `count` indexes, as Nomad does for changes that no topic shows. */
  skipIndexes(count: number): void {
    this.#index += count;
  }

  /** Makes one change; `type` is the type of its events. Returns the change's index. */
  commit(type: string, change: (transaction: Transaction) => void): number {
    this.#index++;
    const transaction = new Transaction(this, { type, index: this.#index });
    change(transaction);
    transaction.endBatch();
    return this.#index;
  }

  job(namespace: string, id: string): JobRecord | undefined {
    return this.jobs.get(jobKey(namespace, id));
  }

  /** The job's allocations, newest last. */
  allocationsOf(namespace: string, jobId: string): readonly AllocationRecord[] {
    const ids = this.jobIndexes.get(jobKey(namespace, jobId))?.allocations ?? [];
    return [...ids].flatMap((id) => this.allocations.get(id) ?? []);
  }

  /** The job's evaluations, oldest first. */
  evaluationsOf(namespace: string, jobId: string): readonly EvaluationRecord[] {
    const ids = this.jobIndexes.get(jobKey(namespace, jobId))?.evaluations ?? [];
    return [...ids].flatMap((id) => this.evaluations.get(id) ?? []);
  }

  /** The evaluations that wait for room, oldest first. */
  blocked(): readonly EvaluationRecord[] {
    return [...this.blockedIds].flatMap((id) => this.evaluations.get(id) ?? []);
  }

  indexOf(key: string): JobIndex {
    let entry = this.jobIndexes.get(key);
    if (entry === undefined) {
      entry = { allocations: new Set(), evaluations: new Set(), queued: {}, summaryIndex: this.#index };
      this.jobIndexes.set(key, entry);
    }
    return entry;
  }

  /** Forgets all records and events but not the index, which never goes back. */
  reset(): void {
    this.jobs.clear();
    for (const key of this.jobKeys.sorted()) this.jobKeys.delete(key);
    this.allocations.clear();
    this.evaluations.clear();
    this.blockedIds.clear();
    this.jobIndexes.clear();
    this.events.clear();
  }
}
