import { KeyedMutex } from "../lib/keyed-mutex.js";
import { Semaphore } from "../lib/semaphore.js";
import type { NomadClient } from "../nomad/client.js";
import type { ClusterView } from "../nomad/cluster-view.js";
import { isNomadError, NomadError } from "../nomad/errors.js";
import { type JobRecord, jobWithMeta } from "../nomad/job-record.js";
import type { Meta } from "../nomad/wire.js";
import { claimedMeta, freeMeta, readMark, reservedMeta } from "./marks.js";

/** What writes a job. */
type Writer = Pick<NomadClient, "registerJob">;

/** What knows the jobs as they stand. */
type Knowledge = Pick<ClusterView, "job" | "refresh" | "noteRegistered">;

/** Marks written side by side (lifecycle.md, "Claiming"). */
const MARKS_AT_ONCE = 16;

/**
 * Writes marks into runner jobs: each is a registration of the job as it stands with nothing changed but its config group's meta, and only if nobody
 * else changed it meanwhile (`EnforceIndex`). All reject with NomadErrors; `conflict`: another instance has it now.
 */
export class MarkWriter {
  readonly #client: Writer;
  readonly #view: Knowledge;
  readonly #instance: string;
  readonly #room = new Semaphore(MARKS_AT_ONCE);
  /** Marks of one runner are written one after the other: a claim must not slip in ahead of the reservation's end. */
  readonly #order = new KeyedMutex<string>();
  readonly #reserving = new Map<string, Promise<void>>();
  readonly #releasing = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  #answeredAt = Number.NEGATIVE_INFINITY;

  /** `instance`: this server's id, random per start. */
  constructor(options: {
    readonly client: Writer;
    readonly view: Knowledge;
    readonly instance: string;
  }) {
    this.#client = options.client;
    this.#view = options.view;
    this.#instance = options.instance;
  }

  /** When Nomad last took a mark, by `performance.now()`. */
  get answeredAt(): number {
    return this.#answeredAt;
  }

  /** Reserves a runner for this instance; resolves when Nomad has it. Several calls for one runner share one mark. */
  reserve(runnerId: string, options: { readonly urgent: boolean }): Promise<void> {
    const known = this.#reserving.get(runnerId);
    if (known !== undefined) return known;
    const marking = this.#write(runnerId, options, (record) => {
      const mark = readMark(record.meta ?? {});
      if (this.#isOurs(record)) return undefined;
      if (mark.kind !== "free") throw new NomadError("conflict", "the runner was taken by another instance");
      return reservedMeta(record.meta ?? {}, this.#instance);
    }).finally(() => this.#reserving.delete(runnerId));
    this.#reserving.set(runnerId, marking);
    return marking;
  }

  /** Makes the mark of a runner that was handed out right: its own timeout (s), reserved no longer. */
  claimed(runnerId: string, timeout: number): Promise<void> {
    return this.#write(runnerId, { urgent: false }, (record) => claimedMeta(record.meta ?? {}, timeout));
  }

  /** Gives a reservation back. */
  async release(runnerId: string): Promise<void> {
    this.#releasing.add(runnerId);
    try {
      await this.#write(runnerId, { urgent: false }, (record) =>
        this.#isOurs(record) ? freeMeta(record.meta ?? {}) : undefined,
      );
    } finally {
      this.#releasing.delete(runnerId);
    }
  }

  /** Whether a reservation is being given back: it is no reservation to rely on any more. */
  isReleasing(runnerId: string): boolean {
    return this.#releasing.has(runnerId);
  }

  /** Whether a mark of this runner is being written, or waits for its turn. */
  isUnderWay(runnerId: string): boolean {
    return this.#order.isHeld(runnerId);
  }

  /** Resolves when the marks that are on their way now have been made, or have failed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  /** `change` says what to write, undefined when nothing needs to be; it is asked again, once, when our knowledge was stale. */
  #write(
    runnerId: string,
    options: { readonly urgent: boolean },
    change: (record: JobRecord) => Meta | undefined,
  ): Promise<void> {
    const writing = this.#order
      .run(runnerId, () => this.#room.run(() => this.#tryTwice(runnerId, change), options))
      .finally(() => this.#underWay.delete(writing));
    this.#underWay.add(writing);
    return writing;
  }

  async #tryTwice(runnerId: string, change: (record: JobRecord) => Meta | undefined): Promise<void> {
    try {
      await this.#attempt(runnerId, change);
    } catch (error) {
      if (!isNomadError(error, "conflict")) throw error;
      await this.#view.refresh(runnerId);
      await this.#attempt(runnerId, change);
    }
  }

  async #attempt(runnerId: string, change: (record: JobRecord) => Meta | undefined): Promise<void> {
    const record = this.#view.job(runnerId);
    if (record === undefined) throw new NomadError("not-found", "the runner's job is gone");
    const meta = change(record);
    if (meta === undefined) return;
    const job = jobWithMeta(record, meta);
    const { jobModifyIndex } = await this.#client.registerJob(job, { enforceIndex: record.jobModifyIndex });
    this.#answeredAt = performance.now();
    this.#view.noteRegistered(job, jobModifyIndex);
  }

  #isOurs({ meta }: JobRecord): boolean {
    const mark = readMark(meta ?? {});
    return mark.kind === "reserved" && mark.by === this.#instance;
  }
}
