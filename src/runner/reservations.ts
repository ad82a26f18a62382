import type { Logger } from "../telemetry/logger.js";
import type { ReachedPoint } from "./crash-points.js";
import type { MarkWriter } from "./mark-writer.js";
import type { Pool } from "./pool.js";
import { wantedReservations } from "./pool-policy.js";
import type { Runner } from "./runner.js";

/** How long a failed reservation waits before the next try, ms. */
const RETRY_MS = 1_000;

/** Keeps the next `nomad.warm` idle runners of each pool reserved, so that a claim needs no call to Nomad (lifecycle.md, "Claiming"). */
export class Reservations {
  readonly #marks: MarkWriter;
  readonly #warm: number;
  readonly #logger: Logger;
  readonly #reached: ReachedPoint;
  readonly #onReserved: (pool: Pool) => void;
  readonly #pending = new Map<Pool, Set<Runner>>();
  readonly #resting = new Set<Pool>();
  #stopped = false;

  /** `warm`: `nomad.warm`. */
  constructor(options: {
    readonly marks: MarkWriter;
    readonly warm: number;
    readonly logger: Logger;
    readonly reached: ReachedPoint;
    readonly onReserved: (pool: Pool) => void;
  }) {
    this.#marks = options.marks;
    this.#warm = options.warm;
    this.#logger = options.logger;
    this.#reached = options.reached;
    this.#onReserved = options.onReserved;
  }

  /** Reserves as many idle runners as are wanted and are not yet; returns at once. */
  ensure(pool: Pool): void {
    if (this.#stopped || this.#resting.has(pool)) return;
    const pending = this.#pending.get(pool) ?? new Set();
    const wanted = wantedReservations(this.#warm, pool.size);
    let missing = wanted - pool.reservedCount - pending.size;
    for (const runner of missing > 0 ? pool.unreserved() : []) {
      if (missing <= 0) break;
      if (pending.has(runner)) continue;
      missing -= 1;
      this.#pending.set(pool, pending.add(runner));
      void this.#reserve(pool, runner, pending);
    }
  }

  /** No further reservation; resolves when those on their way are settled and all held ones are given back. */
  async stop(pools: Iterable<Pool>): Promise<void> {
    this.#stopped = true;
    await this.#marks.settled();
    this.#reached("stop.marks-settled");
    const held = [...pools].flatMap((pool) => [...pool.runners()].filter((runner) => isHeld(runner)));
    await Promise.allSettled(held.map((runner) => this.#release(runner)));
  }

  async #reserve(pool: Pool, runner: Runner, pending: Set<Runner>): Promise<void> {
    try {
      this.#reached("reserve.before-mark");
      await this.#marks.reserve(runner.id, { urgent: false });
      this.#reached("reserve.marked");
      pool.setReserved(runner, true);
      this.#onReserved(pool);
    } catch (error) {
      // Another instance's runner shows itself as foreign through its job; everything else is worth another try.
      this.#logger.debug("a runner could not be reserved", { runner_id: runner.id, error });
      this.#rest(pool);
    } finally {
      pending.delete(runner);
      if (pending.size === 0) this.#pending.delete(pool);
      this.ensure(pool);
    }
  }

  #rest(pool: Pool): void {
    this.#resting.add(pool);
    setTimeout(() => {
      this.#resting.delete(pool);
      this.ensure(pool);
    }, RETRY_MS).unref();
  }

  async #release(runner: Runner): Promise<void> {
    try {
      this.#reached("stop.before-release");
      await this.#marks.release(runner.id);
      this.#reached("stop.released");
    } catch (error) {
      this.#logger.warn("a reserved runner could not be given back", { runner_id: runner.id, error });
    }
  }
}

function isHeld({ reserved, state }: Runner): boolean {
  return reserved && (state === "idle" || state === "starting");
}
