import { tellProgress } from "../lib/tell-progress.js";
import { Duration } from "../telemetry/duration.js";
import type { Logger } from "../telemetry/logger.js";
import type { PoolFigures } from "./pool-policy.js";

/** A pool that lacks fewer is filled soon, or is just being used. */
const MANY = 10;

/** What is told of. */
interface FillingPool {
  readonly environmentId: number;
  readonly figures: PoolFigures;
}

interface Fill {
  readonly start: number;
  readonly end: () => boolean;
}

/** What tells of fills. */
export interface FillProgressOptions {
  /** The first line comes after so many ms. */
  readonly every: number;
  /** Whether the pool is still its environment's. */
  readonly isOpen: (pool: FillingPool) => boolean;
  readonly logger: Logger;
}

/** Tells at intervals how far pools are that lack many runners, and when such a pool is full after all. */
export class FillProgress {
  readonly #options: FillProgressOptions;
  readonly #fills = new Map<FillingPool, Fill>();

  constructor(options: FillProgressOptions) {
    this.#options = options;
  }

  /** The pool's figures may have changed. */
  look(pool: FillingPool): void {
    const { size, idle } = pool.figures;
    const fill = this.#fills.get(pool);
    if (fill === undefined) {
      if (size - idle >= MANY && this.#options.isOpen(pool)) this.#begin(pool);
    } else if (idle >= size) {
      this.#fills.delete(pool);
      if (fill.end()) this.#tell("a pool is full", pool, fill.start);
    }
  }

  stop(): void {
    for (const { end } of this.#fills.values()) end();
    this.#fills.clear();
  }

  #begin(pool: FillingPool): void {
    const start = performance.now();
    const end = tellProgress(this.#options.every, () => {
      if (this.#options.isOpen(pool)) return this.#tell("a pool is being filled", pool, start);
      this.#fills.delete(pool);
      end();
    });
    this.#fills.set(pool, { start, end });
  }

  #tell(message: string, { environmentId, figures }: FillingPool, start: number): void {
    const { size, idle, starting } = figures;
    const duration = new Duration(performance.now() - start);
    this.#options.logger.info(message, { environment_id: environmentId, size, idle, starting, duration });
  }
}
