import type { AllocationState } from "../nomad/allocation-state.js";
import type { ClusterView } from "../nomad/cluster-view.js";
import { type JobRecord, jobOf } from "../nomad/job-record.js";
import { sameRunners } from "../nomad/job-template.js";
import type { Logger } from "../telemetry/logger.js";
import type { ReachedPoint } from "./crash-points.js";
import type { MarkWriter } from "./mark-writer.js";
import { type Mark, RESERVED_TIMEOUT_S, readMark } from "./marks.js";
import type { Pool } from "./pool.js";
import { LOST, type RunnerRegistry } from "./registry.js";
import type { Retirement } from "./retirement.js";
import { Runner } from "./runner.js";
import type { Sessions } from "./sessions.js";

/** What recovery works with. */
export interface RecoveryOptions {
  readonly registry: RunnerRegistry;
  readonly view: ClusterView;
  readonly sessions: Sessions;
  readonly retirement: Retirement;
  readonly marks: MarkWriter;
  readonly reached: ReachedPoint;
  readonly logger: Logger;
}

/**
 * Whether a claimed runner's container was started again after its mark, so that its client's files are gone. The times are of two clocks, a
 * node's and a server's: what happened within their difference is told wrongly, of containers that were started again at all.
 */
function startedAnew(record: JobRecord, allocation: AllocationState): boolean {
  const { startedAnewAt } = allocation;
  return startedAnewAt !== undefined && record.submittedAt > 0 && startedAnewAt > record.submittedAt;
}

/** Finds the runners of an environment again that an earlier server left at Nomad (lifecycle.md, "Start" and "Claiming"). */
export class Recovery {
  readonly #options: RecoveryOptions;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /**
   * Takes over every runner of the pool's environment that the cluster view has: idle, starting and used ones. While the server runs
   * (`running`), what is claimed or reserved belongs to another one and is left alone.
   */
  recover(pool: Pool, options: { readonly running: boolean }): void {
    for (const record of this.#options.view.runnersOf(pool.environmentId)) {
      if (record.status === "dead" || this.#options.registry.runner(record.id) !== undefined) continue;
      this.#recover(pool, record, options);
    }
  }

  #recover(pool: Pool, record: JobRecord, options: { readonly running: boolean }): void {
    const { registry, view, retirement, logger, reached } = this.#options;
    if (record.meta === undefined) {
      return logger.warn("a runner job without a config group is left alone", { runner_id: record.id });
    }
    const mark = readMark(record.meta);
    const allocation = view.allocation(record.id);
    const ready = allocation?.phase === "running";
    const outdated = mark.kind === "free" && !sameRunners(jobOf(record), pool.template);
    const lost = mark.kind !== "free" && (allocation?.phase !== "running" || startedAnew(record, allocation));
    const ended = lost && !options.running;
    if (outdated || ended) {
      logger.info("a runner that cannot be used any more is replaced", { runner_id: record.id });
      reached("recovery.replacing");
      if (ended) return registry.discardUnknown(record.id);
      void retirement.retire(record.id, "it is not as its template any more");
      return;
    }
    const runner = new Runner(record.id, record.environmentId, mark.kind === "free" ? "starting" : "foreign");
    registry.add(pool, runner);
    if (mark.kind === "free") {
      if (ready) registry.move(runner, "idle");
    } else if (!options.running) {
      this.takeOver(runner, mark);
      reached("recovery.taken-over");
    }
  }

  /** Serves a runner whose mark, of this kind, landed only behind the recovery of its server's successor. */
  takeOverLate(runner: Runner, kind: "reserved" | "claimed"): void {
    const { registry, view, logger } = this.#options;
    const record = view.job(runner.id);
    const mark = readMark(record?.meta ?? {});
    if (record === undefined || mark.kind === "free" || mark.kind !== kind) return;
    logger.info("a runner of a server that is gone is taken over", { runner_id: runner.id });
    const allocation = view.allocation(runner.id);
    if (allocation?.phase === "running" && !startedAnew(record, allocation))
      return this.takeOver(runner, mark);
    registry.discard(runner, { outcome: LOST, reason: "its allocation ended" });
  }

  /** Serves a runner that an earlier server, or another one, handed out; its timer starts anew with the stored duration. */
  takeOver(runner: Runner, mark: Exclude<Mark, { kind: "free" }>): void {
    const { registry, sessions, marks, logger } = this.#options;
    const stored = mark.timeout ?? RESERVED_TIMEOUT_S;
    runner.reservedElsewhere = mark.kind === "reserved";
    const inactivityTimeout = runner.reservedElsewhere ? Math.max(RESERVED_TIMEOUT_S, stored) : stored;
    sessions.open(runner, { inactivityTimeout, clean: false });
    registry.move(runner, "used");
    if (mark.kind === "claimed" && mark.timeout === undefined) {
      marks.claimed(runner.id, RESERVED_TIMEOUT_S).catch((error: unknown) => {
        logger.warn("an unreadable inactivity timeout could not be written back", {
          runner_id: runner.id,
          error,
        });
      });
    }
  }
}
