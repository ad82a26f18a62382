import { setMaxListeners } from "node:events";
import { Backoff } from "../lib/backoff.js";
import type { Retries } from "../lib/retries.js";
import { Semaphore } from "../lib/semaphore.js";
import type { NomadClient } from "../nomad/client.js";
import type { Logger } from "../telemetry/logger.js";
import type { ReachedPoint } from "./crash-points.js";

/** Deletions sent side by side. */
const DELETIONS_AT_ONCE = 32;

const RETRY = { initial: 1_000, maximum: 60_000 };

/** Removes jobs at Nomad, and goes on trying until it is done, whatever the first caller was told (lifecycle.md, "Environments"). */
export class Deletions {
  readonly #client: NomadClient;
  readonly #logger: Logger;
  readonly #reached: ReachedPoint;
  readonly #retries: Retries;
  readonly #room = new Semaphore(DELETIONS_AT_ONCE);
  /** First tries that are under way, so that several callers share one. */
  readonly #trying = new Map<string, Promise<void>>();
  readonly #retrying = new Set<string>();
  readonly #stop = new AbortController();
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor(options: {
    readonly client: NomadClient;
    readonly logger: Logger;
    readonly reached: ReachedPoint;
    readonly retries: Retries;
  }) {
    this.#client = options.client;
    this.#logger = options.logger;
    this.#reached = options.reached;
    this.#retries = options.retries;
    // One for each deletion that is tried again; Node takes more than ten for a leak.
    setMaxListeners(0, this.#stop.signal);
  }

  /**
   * Purges a job; resolves when Nomad has taken that, or has no such job. Rejects with the NomadError of the first try, while further ones go on in
   * the background.
   */
  delete(jobId: string): Promise<void> {
    const known = this.#trying.get(jobId);
    if (known !== undefined) return known;
    const trying = this.#attempt(jobId)
      .catch((error: unknown) => {
        void this.#retry(jobId);
        throw error;
      })
      .finally(() => this.#trying.delete(jobId));
    this.#trying.set(jobId, trying);
    return trying;
  }

  /** When Nomad last took a deletion, by `performance.now()`. */
  get answeredAt(): number {
    return this.#answeredAt;
  }

  /** Whether a deletion of this job is under way, retries included. */
  isPending(jobId: string): boolean {
    return this.#trying.has(jobId) || this.#retrying.has(jobId);
  }

  /** As `delete`, for callers who have nobody to tell. */
  deleteInBackground(jobId: string): void {
    this.delete(jobId).catch((error: unknown) => {
      this.#logger.warn("a job could not be deleted, trying again", { runner_id: jobId, error });
    });
  }

  /** Gives the retries up. */
  stop(): void {
    this.#stop.abort();
  }

  async #attempt(jobId: string): Promise<void> {
    this.#reached("deletion.before");
    await this.#room.run(() => this.#client.deregisterJob(jobId, { purge: true }));
    this.#answeredAt = performance.now();
    this.#reached("deletion.done");
  }

  async #retry(jobId: string): Promise<void> {
    if (this.#retrying.has(jobId)) return;
    this.#retrying.add(jobId);
    const backoff = new Backoff(RETRY);
    for (;;) {
      try {
        await this.#retries.pause(backoff, { signal: this.#stop.signal });
        if (this.#stop.signal.aborted) break;
        await this.#attempt(jobId);
        break;
      } catch {
        // The first failure was told; what counts is that it ends some time.
        if (this.#stop.signal.aborted) break;
      }
    }
    this.#retrying.delete(jobId);
  }
}
