import { isEvaluationTerminal, isTerminal } from "./records.js";
import type { StateStore } from "./state-store.js";

/**
 * Nomad's garbage collection: ended allocations and evaluations are forgotten after a while. Purged jobs' evaluations alone would
 * otherwise grow for as long as the agent runs.
 */
export class Collector {
  readonly #store: StateStore;
  readonly #after: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param after milliseconds that an ended record is kept */
  constructor(store: StateStore, after: number) {
    this.#store = store;
    this.#after = after;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.collect(Date.now()), Math.min(this.#after, 60_000)).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** @param now milliseconds since 1970 */
  collect(now: number): void {
    const limit = (now - this.#after) * 1_000_000;
    const allocations = [...this.#store.allocations.values()]
      .filter((one) => isTerminal(one) && one.ClientStatus !== "running" && one.ModifyTime < limit)
      // What still counts for a living job stays: a batch job that ended well would run again.
      .filter((one) => one.DesiredStatus === "stop" || !this.#isWanted(one.Namespace, one.JobID))
      .map((one) => one.ID);
    const evaluations = [...this.#store.evaluations.values()]
      .filter((one) => isEvaluationTerminal(one) && Number(one.ModifyTime) < limit)
      .map((one) => one.ID);
    if (allocations.length + evaluations.length === 0) return;
    this.#store.commit("EvalDelete", (transaction) => transaction.collect(allocations, evaluations));
  }

  #isWanted(namespace: string, jobId: string): boolean {
    const job = this.#store.job(namespace, jobId);
    return job !== undefined && !job.Stop;
  }
}
