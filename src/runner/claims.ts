import { setMaxListeners } from "node:events";
import { Backoff } from "../lib/backoff.js";
import type { Retries } from "../lib/retries.js";
import { whileAlive } from "../lib/while-alive.js";
import { ANSWER_MS } from "../nomad/answer-time.js";
import type { ClusterView } from "../nomad/cluster-view.js";
import { isNomadError, NomadError } from "../nomad/errors.js";
import type { Logger } from "../telemetry/logger.js";
import type { MetricsSink } from "../telemetry/metrics-sink.js";
import type { ReachedPoint } from "./crash-points.js";
import { RunnerError } from "./errors.js";
import type { MarkWriter } from "./mark-writer.js";
import type { Pool } from "./pool.js";
import type { RunnerRegistry } from "./registry.js";
import type { Runner } from "./runner.js";
import type { Sessions } from "./sessions.js";
import type { UsedRunner } from "./used-runner.js";

/** How long a claim waits for its mark at a Nomad that answers others, ms. */
const BUSY_MS = 30_000;

const RETRY = { initial: 1_000, maximum: 60_000 };

/** What claims work with. */
export interface ClaimsOptions {
  readonly registry: RunnerRegistry;
  readonly marks: MarkWriter;
  readonly view: ClusterView;
  readonly sessions: Sessions;
  /** Brings an unclaimed runner to what is known of its job. */
  readonly look: (runnerId: string) => void;
  /** A runner of this pool is about to be taken; the change itself is told after this. */
  readonly onClaim: (pool: Pool) => void;
  readonly reached: ReachedPoint;
  readonly retries: Retries;
  readonly metrics: MetricsSink;
  readonly logger: Logger;
}

/**
 * Hands runners to clients: O(1), from memory. No id leaves the server before Nomad has its mark; a reserved runner has it already, so that its
 * claim needs no call (lifecycle.md, "Claiming", D).
 */
export class Claims {
  readonly #options: ClaimsOptions;
  readonly #stop = new AbortController();

  constructor(options: ClaimsOptions) {
    this.#options = options;
    // One for each mark that is tried again; Node takes more than ten for a leak.
    setMaxListeners(0, this.#stop.signal);
  }

  /** `inactivityTimeout` in seconds. Throws RunnerError `environment-not-found`, `pool-empty`, or a NomadError. */
  async claim(environmentId: number, options: { readonly inactivityTimeout: number }): Promise<UsedRunner> {
    for (;;) {
      const pool = this.#options.registry.pool(environmentId);
      if (pool === undefined)
        throw new RunnerError("environment-not-found", "execution environment not found");
      const runner = pool.nextIdle();
      if (runner === undefined) {
        throw new RunnerError("pool-empty", "no runners available for this execution environment");
      }
      const kind = this.#isAhead(runner) ? "reserved" : "marked";
      this.#options.onClaim(pool);
      const taken = await this.#take(pool, runner);
      // Nothing may come between this look and the handing over.
      if (!taken || runner.state !== "claiming") continue;
      this.#options.metrics.count("claims", { result: "claimed", kind });
      return this.#hand(runner, options.inactivityTimeout);
    }
  }

  /** No mark is written after this; those on their way are not waited for. */
  stop(): void {
    this.#stop.abort();
  }

  /** Whether the runner is this claim's. False: it went meanwhile, or another instance has it. */
  async #take(pool: Pool, runner: Runner): Promise<boolean> {
    const { registry, view } = this.#options;
    const reserved = this.#isAhead(runner);
    registry.move(runner, "claiming");
    if (!reserved) {
      try {
        await this.#mark(runner);
      } catch (error) {
        if (runner.state === "claiming") registry.move(runner, isTaken(error) ? "foreign" : "idle");
        if (isTaken(error)) return false;
        // It may have stopped running while it was no business of anybody but this claim.
        this.#options.look(runner.id);
        throw error;
      }
    }
    if (runner.state !== "claiming") return false;
    if (view.allocation(runner.id)?.phase === "running") return true;
    pool.setReserved(runner, true);
    registry.move(runner, "starting");
    this.#options.look(runner.id);
    return false;
  }

  /** Whether the runner was marked ahead, so that it can be handed out without a call. */
  #isAhead(runner: Runner): boolean {
    return runner.reserved && !this.#options.marks.isReleasing(runner.id);
  }

  async #mark(runner: Runner): Promise<void> {
    const start = performance.now();
    this.#options.reached("claim.before-mark");
    const marking = this.#options.marks.reserve(runner.id, { urgent: true }).then(() => true);
    const { marks } = this.#options;
    const patience = { silence: ANSWER_MS, longest: BUSY_MS, lastSign: () => marks.answeredAt };
    if (await whileAlive(marking, patience)) {
      this.#options.metrics.observe("stepDuration", { step: "mark" }, performance.now() - start);
      return;
    }
    throw new NomadError("unreachable", "Nomad does not answer in time");
  }

  #hand(runner: Runner, inactivityTimeout: number): UsedRunner {
    const { registry, sessions, reached } = this.#options;
    reached("claim.marked");
    const session = sessions.open(runner, { inactivityTimeout, clean: true });
    registry.move(runner, "used");
    // After the answer: the mark gets its own timeout and is a reservation no longer.
    setImmediate(() => void this.#settle(runner, inactivityTimeout));
    return session;
  }

  async #settle(runner: Runner, inactivityTimeout: number): Promise<void> {
    const { marks, logger, reached, retries } = this.#options;
    reached("claim.answered");
    const backoff = new Backoff(RETRY);
    while (runner.state === "used" && !this.#stop.signal.aborted) {
      try {
        await marks.claimed(runner.id, inactivityTimeout);
        return reached("claim.settled");
      } catch (error) {
        if (runner.state !== "used" || isNomadError(error, "not-found")) return;
        logger.warn("the mark of a claimed runner could not be set right, trying again", {
          runner_id: runner.id,
          error,
        });
      }
      await retries.pause(backoff, { signal: this.#stop.signal });
    }
  }
}

function isTaken(error: unknown): boolean {
  return isNomadError(error, "conflict", "not-found");
}
