import type { NomadEvent } from "../../nomad/wire.js";
import { jobStatus } from "./job-status.js";
import {
  type AllocationRecord,
  type EvaluationRecord,
  type JobRecord,
  jobKey,
  nanoseconds,
} from "./records.js";
import type { StateStore } from "./state-store.js";

/** One change of the state, with the events that tell of it. Made by `StateStore.commit` only. */
export class Transaction {
  readonly index: number;
  events: NomadEvent[] = [];
  readonly #store: StateStore;
  readonly #type: string;

  constructor(store: StateStore, options: { readonly type: string; readonly index: number }) {
    this.#store = store;
    this.#type = options.type;
    this.index = options.index;
  }

  /** Publishes the events so far as a batch; what follows has the same index but is a batch of its own, as with Nomad's registers. */
  endBatch(): void {
    if (this.events.length > 0) this.#store.publish(this.index, this.events);
    this.events = [];
  }

  putJob(job: JobRecord): void {
    const key = jobKey(job.Namespace, job.ID);
    const stored = { ...job, CreateIndex: job.CreateIndex || this.index, ModifyIndex: this.index };
    this.#store.jobs.set(key, stored);
    this.#store.jobKeys.add(key);
    this.#store.indexOf(key).summaryIndex = this.index;
    this.#touch("jobs", "summaries");
    this.#jobEvent(stored);
  }

  /** Takes a job away with its allocations; no event tells of those (nomad.md). Its evaluations stay, pending ones are complete. */
  deleteJob(job: JobRecord): void {
    const key = jobKey(job.Namespace, job.ID);
    this.#store.jobs.delete(key);
    this.#store.jobKeys.delete(key);
    this.#jobEvent(job);
    const entry = this.#store.indexOf(key);
    for (const id of entry.allocations) this.#store.allocations.delete(id);
    entry.allocations.clear();
    entry.queued = {};
    this.#touch("jobs", "summaries", "allocations");
    for (const evaluation of this.#store.evaluationsOf(job.Namespace, job.ID)) {
      if (evaluation.Status !== "pending") continue;
      // Nomad keeps the modify index of these.
      this.#evaluation({ ...evaluation, Status: "complete", StatusDescription: `job ${job.ID} deleted` });
    }
  }

  /** Forgets ended records that Nomad's garbage collection takes away; no event tells of it. */
  collect(allocationIds: readonly string[], evaluationIds: readonly string[]): void {
    for (const id of allocationIds) {
      const allocation = this.#store.allocations.get(id);
      if (allocation === undefined) continue;
      this.#store.allocations.delete(id);
      this.#store.jobIndexes.get(jobKey(allocation.Namespace, allocation.JobID))?.allocations.delete(id);
    }
    for (const id of evaluationIds) {
      const evaluation = this.#store.evaluations.get(id);
      if (evaluation === undefined) continue;
      this.#store.evaluations.delete(id);
      const key = jobKey(evaluation.Namespace, evaluation.JobID);
      const entry = this.#store.jobIndexes.get(key);
      entry?.evaluations.delete(id);
      if (entry?.evaluations.size === 0 && !this.#store.jobs.has(key)) this.#store.jobIndexes.delete(key);
    }
  }

  /** Stores allocations and brings the status of their jobs up to date. */
  putAllocations(allocations: readonly AllocationRecord[]): void {
    for (const allocation of allocations) {
      const CreateIndex = allocation.CreateIndex || this.index;
      const stored = { ...allocation, CreateIndex, ModifyIndex: this.index, ModifyTime: nanoseconds() };
      this.#store.allocations.set(stored.ID, stored);
      const entry = this.#store.indexOf(jobKey(stored.Namespace, stored.JobID));
      entry.allocations.add(stored.ID);
      entry.summaryIndex = this.index;
      const { Job: _, ...payload } = stored;
      this.events.push({
        Topic: "Allocation",
        Type: this.#type,
        Key: stored.ID,
        Namespace: stored.Namespace,
        FilterKeys: [stored.JobID, ""],
        Index: this.index,
        Payload: { Allocation: payload },
      });
    }
    if (allocations.length > 0) this.#touch("allocations", "summaries");
    this.#refreshStatus(allocations);
  }

  /** Stores evaluations and brings the status of their jobs up to date. */
  putEvaluations(evaluations: readonly EvaluationRecord[]): void {
    for (const evaluation of evaluations) {
      const CreateIndex = evaluation.CreateIndex || this.index;
      this.#evaluation({ ...evaluation, CreateIndex, ModifyIndex: this.index });
      const entry = this.#store.indexOf(jobKey(evaluation.Namespace, evaluation.JobID));
      const queued = evaluation.QueuedAllocations as Readonly<Record<string, number>> | undefined;
      if (queued !== undefined) {
        entry.queued = { ...entry.queued, ...queued };
        entry.summaryIndex = this.index;
      }
    }
    this.#refreshStatus(evaluations);
  }

  #evaluation(evaluation: EvaluationRecord): void {
    this.#store.evaluations.set(evaluation.ID, evaluation);
    if (evaluation.Status === "blocked") this.#store.blockedIds.add(evaluation.ID);
    else this.#store.blockedIds.delete(evaluation.ID);
    this.#store.indexOf(jobKey(evaluation.Namespace, evaluation.JobID)).evaluations.add(evaluation.ID);
    this.#touch("evaluations");
    this.events.push({
      Topic: "Evaluation",
      Type: this.#type,
      Key: evaluation.ID,
      Namespace: evaluation.Namespace,
      FilterKeys: [evaluation.JobID, ""],
      Index: this.index,
      Payload: { Evaluation: evaluation },
    });
  }

  #refreshStatus(records: readonly { readonly Namespace: string; readonly JobID: string }[]): void {
    const seen = new Set<string>();
    for (const { Namespace, JobID } of records) {
      const key = jobKey(Namespace, JobID);
      const job = this.#store.jobs.get(key);
      if (job === undefined || seen.has(key)) continue;
      seen.add(key);
      const status = jobStatus(
        this.#store.allocationsOf(Namespace, JobID),
        this.#store.evaluationsOf(Namespace, JobID),
      );
      if (status !== job.Status) this.putJob({ ...job, Status: status });
    }
  }

  #jobEvent(job: JobRecord): void {
    this.events.push({
      Topic: "Job",
      Type: this.#type,
      Key: job.ID,
      Namespace: job.Namespace,
      FilterKeys: null,
      Index: this.index,
      Payload: { Job: job },
    });
  }

  #touch(...tables: readonly (keyof StateStore["tables"])[]): void {
    for (const table of tables) this.#store.tables[table] = this.index;
  }
}
