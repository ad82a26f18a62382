import { setMaxListeners } from "node:events";
import { Backoff } from "../lib/backoff.js";
import { deferred } from "../lib/deferred.js";
import type { Logger } from "../telemetry/logger.js";
import { type MetricsSink, noMetrics } from "../telemetry/metrics-sink.js";
import type { AllocationState } from "./allocation-state.js";
import type { NomadClient } from "./client.js";
import { ClusterState } from "./cluster-state.js";
import { NomadError } from "./errors.js";
import type { EvaluationWaiters } from "./evaluation-waiters.js";
import type { JobRecord } from "./job-record.js";
import { noteEvent } from "./measured.js";
import { takeSnapshot } from "./snapshot.js";
import type { EventFrame, Job } from "./wire.js";

/** Told by the cluster view. Events only say 'look'; what is true is asked for (nomad.md, "Event stream", D). */
export interface ClusterListener {
  /** The job, or the allocation that stands for it, changed or went. */
  jobChanged(jobId: string): void;
  /** A complete snapshot was taken over: what it does not have does not exist. */
  snapshotTaken(): void;
  /** Nomad is there again: the stream is open, and a snapshot was taken since. */
  reconnected?(): void;
}

/** What a cluster view is made of. */
export interface ClusterViewOptions {
  readonly client: NomadClient;
  /** Opens the event stream at an index; the iteration ends, or throws, when the stream breaks. */
  readonly openEvents: (options: {
    readonly index: number;
    readonly signal: AbortSignal;
  }) => AsyncIterable<EventFrame>;
  readonly evaluations: EvaluationWaiters;
  /** Milliseconds: `nomad.snapshotinterval`. */
  readonly snapshotInterval: number;
  /** A snapshot that takes long is told of, ms. */
  readonly progressInterval: number;
  readonly logger: Logger;
  /** Counts differences that a snapshot found although the stream was whole; they should be zero. */
  readonly onRepairs?: (count: number) => void;
  readonly metrics?: MetricsSink;
}

/** Reconnecting to the event stream: 100 ms to 5 s, for ever (nomad.md). */
const RECONNECT = { initial: 100, maximum: 5_000 };

/** How often registrations ask for their evaluation while no stream can tell them, ms. */
const ASK_MS = 500;

/**
 * Jobs and allocations of ours as they stand at Nomad, in memory: an event stream that tells where to look, and snapshots that are the truth, after each
 * connect and every so often.
 */
export class ClusterView {
  readonly #options: ClusterViewOptions;
  readonly #state = new ClusterState((jobId) => this.#tell(jobId));
  readonly #listeners: ClusterListener[] = [];
  readonly #stop = new AbortController();
  readonly #first = deferred();
  #running: Promise<void> | undefined;
  #lastIndex = 0;
  #lastFrameAt = 0;
  /** Ends the stream that is being followed. */
  #follows: AbortController | undefined;
  #connected = false;
  #comparing = false;
  #asking = false;
  #snapshotTimer: NodeJS.Timeout | undefined;

  constructor(options: ClusterViewOptions) {
    this.#options = options;
    manyListeners(this.#stop.signal);
  }

  /** Whether the stream is open and a snapshot was taken since. */
  get connected(): boolean {
    return this.#connected;
  }

  /** When the last frame came, in ms since 1970; 0 before the first. */
  get lastFrameAt(): number {
    return this.#lastFrameAt;
  }

  /** Connects, and reconnects for ever; resolves after the first complete snapshot, or when stopped before. */
  start(): Promise<void> {
    this.#running ??= this.#run();
    return this.#first.promise;
  }

  async stop(): Promise<void> {
    this.#stop.abort(new NomadError("aborted", "the server stops"));
    this.#first.resolve();
    await this.#running;
  }

  subscribe(listener: ClusterListener): void {
    this.#listeners.push(listener);
  }

  job(id: string): JobRecord | undefined {
    return this.#state.job(id);
  }

  jobs(): IterableIterator<JobRecord> {
    return this.#state.jobs();
  }

  /** The runner jobs of one environment. */
  runnersOf(environmentId: number): JobRecord[] {
    return this.#state.runnersOf(environmentId);
  }

  /** The allocation that stands for a job: the newest that lives, else the newest. */
  allocation(jobId: string): AllocationState | undefined {
    return this.#state.allocation(jobId);
  }

  /** The allocation that has, or had, this life (AllocationState `incarnation`). */
  allocationOf(jobId: string, incarnation: string | undefined): AllocationState | undefined {
    return this.#state.allocationOf(jobId, incarnation);
  }

  /** Takes over a registration of our own at once, before its event comes. */
  noteRegistered(job: Job, jobModifyIndex: number): void {
    const known = this.#state.job(job.ID);
    // A complete list that is younger than the registration did not have it: it went again before we heard the answer.
    if (known === undefined && jobModifyIndex <= this.#state.jobBaseline) return;
    this.#state.applyJob({
      ...job,
      JobModifyIndex: jobModifyIndex,
      ModifyIndex: jobModifyIndex,
      CreateIndex: known?.createIndex ?? jobModifyIndex,
      Status: known?.status ?? "pending",
    });
  }

  /** Reads a job and its allocations from Nomad now. Rejects with a NomadError. */
  async refresh(jobId: string): Promise<JobRecord | undefined> {
    const { client } = this.#options;
    const before = this.#state.job(jobId)?.modifyIndex;
    const [job, allocations] = await Promise.all([client.readJob(jobId), client.jobAllocations(jobId)]);
    // What is younger than the request is not judged missing.
    if (job === undefined && this.#state.job(jobId)?.modifyIndex === before) this.#state.noteMissing(jobId);
    if (job === undefined) return this.#state.job(jobId);
    this.#state.applyJob(job);
    // A job's list of allocations has no ports.
    const whole = await Promise.all(allocations.map(({ ID }) => client.readAllocation(ID)));
    for (const allocation of whole) if (allocation !== undefined) this.#state.applyAllocation(allocation);
    return this.#state.job(jobId);
  }

  /** Takes a snapshot now and repairs differences. Rejects with a NomadError. */
  async reconcile(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { client, logger, progressInterval } = this.#options;
    const { signal = this.#stop.signal } = options;
    const start = performance.now();
    const eventsSeen = this.#lastIndex;
    const how = { eventsSeen, progressInterval, logger, signal };
    const taken = await takeSnapshot(client, this.#state, how);
    this.#metrics.observe("stepDuration", { step: "snapshot" }, performance.now() - start);
    for (const listener of this.#listeners) listener.snapshotTaken();
    if (taken.startedOverAt !== undefined) return this.#startOver(taken.startedOverAt);
    const { repairs } = taken;
    if (!this.#connected || repairs === 0) return;
    this.#options.logger.warn("a snapshot differed from what events had told", { repairs });
    this.#options.onRepairs?.(repairs);
  }

  /** The stream waits for indexes that will not come: it is opened anew, from where Nomad is. */
  #startOver(index: number): void {
    this.#lastIndex = index;
    this.#follows?.abort(new NomadError("unreachable", "Nomad's indexes started over"));
  }

  async #run(): Promise<void> {
    const { logger } = this.#options;
    const backoff = new Backoff(RECONNECT);
    let reported = false;
    const asking = setInterval(() => void this.#askWhileBlind(), ASK_MS);
    this.#stop.signal.addEventListener("abort", () => clearInterval(asking), { once: true });
    while (!this.#stop.signal.aborted) {
      try {
        await this.#follow(() => {
          backoff.reset();
          if (reported) logger.info("Nomad is reachable again");
          reported = false;
        });
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        if (reported) logger.debug("Nomad's event stream cannot be followed yet, trying again", { error });
        else logger.warn("the connection to Nomad's event stream is lost, reconnecting", { error });
        reported = true;
      }
      await backoff.wait({ signal: this.#stop.signal }).catch(() => undefined);
      this.#metrics.count("reconnects", {});
    }
  }

  async #askWhileBlind(): Promise<void> {
    if (this.#connected || this.#asking) return;
    this.#asking = true;
    await this.#options.evaluations.recheck();
    this.#asking = false;
  }

  /** One life of the stream: open it, take the snapshot while events come in, follow it until it breaks. */
  async #follow(onConnected: () => void): Promise<void> {
    const over = new AbortController();
    manyListeners(over.signal);
    this.#follows = over;
    const giveUp = () => over.abort(this.#stop.signal.reason);
    this.#stop.signal.addEventListener("abort", giveUp, { once: true });
    try {
      let open = false;
      for await (const frame of this.#options.openEvents({ index: this.#lastIndex, signal: over.signal })) {
        // The first frame, a heartbeat, shows that the stream is open: what happens from now on comes through it.
        if (!open) void this.#catchUp(onConnected, over.signal).catch((error: unknown) => over.abort(error));
        open = true;
        this.#apply(frame);
      }
      throw over.signal.reason ?? new NomadError("unreachable", "Nomad closed its event stream");
    } finally {
      this.#connected = false;
      clearInterval(this.#snapshotTimer);
      this.#stop.signal.removeEventListener("abort", giveUp);
      over.abort();
    }
  }

  async #catchUp(onConnected: () => void, signal: AbortSignal): Promise<void> {
    await this.reconcile({ signal });
    if (signal.aborted) return;
    this.#connected = true;
    onConnected();
    for (const listener of this.#listeners) listener.reconnected?.();
    this.#options.evaluations.recheck();
    this.#first.resolve();
    this.#snapshotTimer = setInterval(() => void this.#compare(signal), this.#options.snapshotInterval);
  }

  /** The periodic snapshot; a slow one is not joined by the next. */
  async #compare(signal: AbortSignal): Promise<void> {
    if (this.#comparing) return;
    this.#comparing = true;
    try {
      await this.reconcile({ signal });
    } catch (error) {
      if (!signal.aborted) this.#options.logger.warn("a snapshot of Nomad failed", { error });
    } finally {
      this.#comparing = false;
    }
  }

  get #metrics(): MetricsSink {
    return this.#options.metrics ?? noMetrics;
  }

  #apply(frame: EventFrame): void {
    this.#lastFrameAt = Date.now();
    for (const event of frame.Events ?? []) {
      noteEvent(this.#metrics, event, this.#lastFrameAt);
      this.#state.applyEvent(event);
      if (event.Payload.Evaluation !== undefined) this.#options.evaluations.observe(event.Payload.Evaluation);
    }
    this.#lastIndex = Math.max(this.#lastIndex, frame.Index ?? 0);
  }

  #tell(jobId: string): void {
    for (const listener of this.#listeners) listener.jobChanged(jobId);
  }
}

/** One listener for each call under way; Node takes more than ten for a leak. */
function manyListeners(signal: AbortSignal): void {
  setMaxListeners(0, signal);
}
