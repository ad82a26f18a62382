import type { MetricsSink } from "../telemetry/metrics-sink.js";
import type { PoolFigures } from "./pool-policy.js";

/** Measures how long pools have fewer idle runners than they are to have. */
export class RefillTimes {
  readonly #metrics: MetricsSink;
  /** Since when each pool is not full, ms; pools that are gone are forgotten. */
  readonly #since = new WeakMap<object, number>();

  constructor(metrics: MetricsSink) {
    this.#metrics = metrics;
  }

  /** The pool's figures may have changed. */
  look(pool: { readonly figures: PoolFigures }): void {
    const { size, idle } = pool.figures;
    const since = this.#since.get(pool);
    if (idle < size) {
      if (since === undefined) this.#since.set(pool, performance.now());
    } else if (since !== undefined) {
      this.#since.delete(pool);
      this.#metrics.observe("poolRefill", {}, performance.now() - since);
    }
  }
}
