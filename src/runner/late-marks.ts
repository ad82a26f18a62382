import type { Logger } from "../telemetry/logger.js";
import type { RunnerRegistry } from "./registry.js";
import type { Runner } from "./runner.js";

/** When the looks come, in grace times: a recovered reservation has ended by the first, and one that was made meanwhile by the second. */
const FIRST_LOOK = 3;
const SECOND_LOOK = 6;

/** What the search for late marks works with. */
export interface LateMarksOptions {
  readonly registry: RunnerRegistry;
  /** Serves a runner as at a start, so that its timer runs, if its mark is of this kind. */
  readonly takeOver: (runner: Runner, kind: "reserved" | "claimed") => void;
  /** How long after the recovery a server that died or stops may still write marks, ms. */
  readonly grace: number;
  readonly logger: Logger;
}

/**
 * The last marks of a predecessor may land behind the recovery: its call was still under way, or it went on for a moment. Such a runner is
 * `foreign`, and nobody would ever time it. So what became foreign within the grace time is taken over as at a start, unless another server
 * shows itself afterwards (lifecycle.md, "Claiming").
 *
 * A server that lives has reservations. Those that our recovery found end by their timeout here, and it makes others, which is the sign of life that
 * the first look finds. What it reserved within the grace time is taken over then, with the same effect; what it handed out only at the second look.
 */
export class LateMarks {
  readonly #options: LateMarksOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  #quietFrom = Number.POSITIVE_INFINITY;

  constructor(options: LateMarksOptions) {
    this.#options = options;
  }

  /** The recovery is being done; idempotent. */
  start(): void {
    if (this.#quietFrom < Number.POSITIVE_INFINITY) return;
    const { grace } = this.#options;
    this.#quietFrom = performance.now() + grace;
    this.#lookAfter(FIRST_LOOK * grace, "reserved");
    this.#lookAfter(SECOND_LOOK * grace, "claimed");
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #lookAfter(milliseconds: number, kind: "reserved" | "claimed"): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#look(kind);
    }, milliseconds);
    this.#timers.add(timer.unref());
  }

  #look(kind: "reserved" | "claimed"): void {
    const { registry, takeOver, logger } = this.#options;
    const foreign = [...registry.runners()].filter(({ state }) => state === "foreign");
    if (foreign.some(({ foreignSince = 0 }) => foreignSince > this.#quietFrom)) {
      logger.debug("another server is at work, its runners are left alone", { runners: foreign.length });
      return this.stop();
    }
    for (const runner of foreign) if (runner.foreignSince !== undefined) takeOver(runner, kind);
  }
}
