import { type AllocationState, allocationState, currentAllocation } from "./allocation-state.js";
import { DEFAULT_GROUP, parseJobId } from "./job-ids.js";
import { type JobRecord, JobRecords, modifyIndexOf, statusOf } from "./job-record.js";
import type { Allocation, Job, JobStub, NomadEvent } from "./wire.js";

/** Called with the id of each job about which something changed: look at it again. */
export type Changed = (jobId: string) => void;

/**
 * What is known of our jobs and their allocations: fed by events and by complete lists, in any order. Every object carries Nomad's index, and
 * an older word about it never replaces a newer one (nomad.md, "Event stream"). A job can change twice at one index (an allocation fails, which leaves
 * the job dead for a moment, and the evaluation that goes with it): then the later word counts.
 */
export class ClusterState {
  readonly #records = new JobRecords();
  readonly #jobs = new Map<string, JobRecord>();
  /** The runner jobs among them: there may be thousands, in hundreds of environments. */
  readonly #runners = new Map<number, Set<string>>();
  readonly #allocations = new Map<string, Map<string, AllocationState>>();
  /** Jobs that are gone, by the index of their end, until a list of jobs is younger: an old list must not bring them back. */
  readonly #removed = new Map<string, number>();
  #jobBaseline = 0;
  #allocationBaseline = 0;
  readonly #changed: Changed;

  constructor(changed: Changed) {
    this.#changed = changed;
  }

  /** The index up to which the jobs here are what a complete list said. */
  get jobBaseline(): number {
    return this.#jobBaseline;
  }

  job(id: string): JobRecord | undefined {
    return this.#jobs.get(id);
  }

  jobs(): IterableIterator<JobRecord> {
    return this.#jobs.values();
  }

  /** The runner jobs of one environment. */
  runnersOf(environmentId: number): JobRecord[] {
    return [...(this.#runners.get(environmentId) ?? [])].flatMap((id) => this.#jobs.get(id) ?? []);
  }

  /** The allocation that stands for a job now. */
  allocation(jobId: string): AllocationState | undefined {
    const all = this.#allocations.get(jobId);
    return all === undefined ? undefined : currentAllocation(all.values());
  }

  /** The allocation of a job whose last known life is this one, or that had it. */
  allocationOf(jobId: string, incarnation: string | undefined): AllocationState | undefined {
    return this.#allocations.get(jobId)?.get(incarnation?.split("#")[0] ?? "");
  }

  /** Forgets everything, and tells nobody: a complete list comes next. */
  forget(): void {
    this.#jobs.clear();
    this.#runners.clear();
    this.#allocations.clear();
    this.#removed.clear();
    this.#jobBaseline = 0;
    this.#allocationBaseline = 0;
  }

  /** Takes an event over, unless something younger is known. */
  applyEvent({ Type, Index, Payload }: NomadEvent): void {
    if (Payload.Job !== undefined && Index > this.#jobBaseline) {
      if (Type === "JobDeregistered") this.#removeJob(Payload.Job.ID, Index);
      else this.applyJob(Payload.Job);
    }
    if (Payload.Allocation !== undefined && Index > this.#allocationBaseline)
      this.applyAllocation(Payload.Allocation);
  }

  /** Takes over a job that was read, registered or announced. */
  applyJob(job: Job): void {
    const word = { modifyIndex: modifyIndexOf(job), status: statusOf(job) };
    if ((this.#removed.get(job.ID) ?? -1) >= word.modifyIndex) return;
    const known = this.#jobs.get(job.ID);
    if (known !== undefined && !isNews(word, known)) return;
    // Made only of what is news: half of what events tell is known already.
    const record = this.#records.of(job);
    if (record === undefined) return;
    this.#jobs.set(record.id, record);
    if (record.kind === "runner") {
      const runners = this.#runners.get(record.environmentId) ?? new Set();
      this.#runners.set(record.environmentId, runners.add(record.id));
    }
    this.#changed(record.id);
  }

  /** Nomad was asked for this job and does not have it. */
  noteMissing(id: string): void {
    const known = this.#jobs.get(id);
    if (known !== undefined) this.#removeJob(id, known.modifyIndex);
  }

  /** Notes that a job is gone, as of Nomad's index. */
  #removeJob(id: string, index: number): void {
    const known = this.#jobs.get(id);
    const parsed = parseJobId(id);
    if (parsed === undefined || (known !== undefined && known.createIndex > index)) return;
    this.#removed.set(id, index);
    this.#jobs.delete(id);
    const runners = this.#runners.get(parsed.environmentId);
    if (runners?.delete(id) && runners.size === 0) this.#runners.delete(parsed.environmentId);
    this.#allocations.delete(id);
    this.#changed(id);
  }

  /** Takes over an allocation that was read or announced; false when something as young is known already. */
  applyAllocation(allocation: Allocation): boolean {
    const jobId = allocation.JobID;
    if (allocation.TaskGroup !== DEFAULT_GROUP || parseJobId(jobId) === undefined) return false;
    if ((this.#removed.get(jobId) ?? -1) >= allocation.ModifyIndex) return false;
    const all = this.#allocations.get(jobId) ?? new Map<string, AllocationState>();
    const known = all.get(allocation.ID);
    if (known !== undefined && known.modifyIndex >= allocation.ModifyIndex) return false;
    const state = allocationState(allocation);
    // Nomad keeps the allocations of purged jobs for a while.
    if (state.phase === "ended" && !this.#jobs.has(jobId)) return false;
    this.#allocations.set(jobId, all.set(allocation.ID, state));
    this.#changed(jobId);
    return true;
  }

  /**
   * Takes over what a list says of jobs that are known, and tells which jobs have to be read since their definition is not known. Dead
   * runner jobs are ignored (lifecycle.md).
   */
  applyStubs(stubs: readonly JobStub[]): JobStub[] {
    return stubs.filter((stub) => {
      const parsed = parseJobId(stub.ID);
      if (parsed === undefined || (this.#removed.get(stub.ID) ?? -1) >= stub.ModifyIndex) return false;
      const known = this.#jobs.get(stub.ID);
      if (known === undefined) return parsed.kind === "template" || stub.Status !== "dead";
      if (known.jobModifyIndex !== stub.JobModifyIndex) return known.modifyIndex < stub.ModifyIndex;
      const word = { modifyIndex: stub.ModifyIndex, status: statusOf(stub) };
      if (isNews(word, known)) {
        this.#jobs.set(stub.ID, { ...known, ...word });
        this.#changed(stub.ID);
      }
      return false;
    });
  }

  /** Drops jobs that a complete list, taken at `index`, does not have. Younger ones stay. Returns how many. */
  dropMissingJobs(stubs: readonly JobStub[], index: number): number {
    const listed = new Set(stubs.map(({ ID }) => ID));
    const missing = [...this.#jobs.values()].filter((job) => !listed.has(job.id) && job.modifyIndex <= index);
    for (const job of missing) this.#removeJob(job.id, index);
    this.#jobBaseline = Math.max(this.#jobBaseline, index);
    for (const [id, removedAt] of this.#removed) if (removedAt < index) this.#removed.delete(id);
    return missing.length;
  }

  /** Takes over a complete list of allocations, taken at `index`. Returns those that differed. */
  applyAllocations(allocations: readonly Allocation[], index: number): Allocation[] {
    const listed = new Set(allocations.map(({ ID }) => ID));
    for (const [jobId, all] of this.#allocations) {
      const missing = [...all.values()].filter(
        ({ id, modifyIndex }) => !listed.has(id) && modifyIndex <= index,
      );
      for (const { id } of missing) all.delete(id);
      if (all.size === 0) this.#allocations.delete(jobId);
      if (missing.length > 0) this.#changed(jobId);
    }
    this.#allocationBaseline = Math.max(this.#allocationBaseline, index);
    return allocations.filter((allocation) => this.applyAllocation(allocation));
  }
}

/** Whether a word about a job says more than what is known of it. */
function isNews(
  word: Pick<JobRecord, "modifyIndex" | "status">,
  known: Pick<JobRecord, "modifyIndex" | "status">,
): boolean {
  return (
    word.modifyIndex > known.modifyIndex ||
    (word.modifyIndex === known.modifyIndex && word.status !== known.status)
  );
}
