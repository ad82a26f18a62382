import type { AllocationState } from "../nomad/allocation-state.js";
import type { ClusterListener, ClusterView } from "../nomad/cluster-view.js";
import { type JobRecord, jobOf } from "../nomad/job-record.js";
import { sameRunners } from "../nomad/job-template.js";
import type { Logger } from "../telemetry/logger.js";
import type { Deletions } from "./deletions.js";
import type { ExecutionOutcome } from "./handle.js";
import type { MarkWriter } from "./mark-writer.js";
import { readMark } from "./marks.js";
import { LOST, OOM_KILLED, type RunnerRegistry, STOPPED } from "./registry.js";
import { Runner } from "./runner.js";

/** How long an ended allocation of an idle runner may wait for its successor before Nomad is asked, ms. */
const SUCCESSOR_GRACE_MS = 1_000;

/** What the observer works with. */
export interface ObserverOptions {
  readonly registry: RunnerRegistry;
  readonly view: ClusterView;
  readonly deletions: Deletions;
  readonly marks: MarkWriter;
  /** This server's id, random per start. */
  readonly instance: string;
  readonly logger: Logger;
}

/** Brings runners to what the cluster view says of their jobs: level-triggered, so that lost, late and repeated events do no harm. */
export class Observer implements ClusterListener {
  readonly #options: ObserverOptions;
  readonly #checks = new Map<string, NodeJS.Timeout>();
  #stopped = false;

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#checks.values()) clearTimeout(timer);
    this.#checks.clear();
  }

  snapshotTaken(): void {
    const { registry } = this.#options;
    for (const { id } of [...registry.runners()]) this.jobChanged(id);
    for (const id of registry.givenUp()) this.jobChanged(id);
  }

  jobChanged(jobId: string): void {
    if (this.#stopped) return;
    const { registry, view } = this.#options;
    const record = view.job(jobId);
    if (registry.isGivenUp(jobId)) return this.#lookAtGivenUp(jobId, record);
    const runner = registry.runner(jobId);
    if (runner === undefined) {
      if (record?.kind === "runner") this.#adopt(record);
    } else if (record === undefined) {
      if (runner.state !== "registering")
        registry.remove(runner, { outcome: STOPPED, reason: "its job is gone" });
    } else if (runner.state === "used" || runner.state === "claiming") this.#watch(runner, record);
    else this.#settle(runner, record);
  }

  /**
   * A registration or a mark that was under way when its runner was given up may land after the deletion: Nomad looks whether the job is still as
   * the mark wants it (`EnforceIndex`) before its log has taken what came first, and then makes the job anew.
   */
  #lookAtGivenUp(jobId: string, record: JobRecord | undefined): void {
    const { registry, deletions, marks } = this.#options;
    if (deletions.isPending(jobId)) return;
    if (record !== undefined) deletions.deleteInBackground(jobId);
    else if (!marks.isUnderWay(jobId)) registry.forgetGivenUp(jobId);
  }

  /** A runner of a pool of ours that somebody else registered, or whose registration's answer was lost. */
  #adopt(record: JobRecord): void {
    const { registry } = this.#options;
    const pool = registry.pool(record.environmentId);
    if (pool === undefined || record.meta === undefined || record.status === "dead") return;
    if (readMark(record.meta).kind === "free" && !sameRunners(jobOf(record), pool.template)) return;
    const runner = new Runner(record.id, record.environmentId, "starting");
    registry.add(pool, runner);
    this.#settle(runner, record);
  }

  /** An unclaimed runner: whose is it, and does it run? */
  #settle(runner: Runner, record: JobRecord): void {
    const { registry, view, instance } = this.#options;
    const mark = readMark(record.meta ?? {});
    const ours = mark.kind === "reserved" && mark.by === instance;
    registry.setReserved(runner, ours);
    if (mark.kind !== "free" && !ours) return registry.move(runner, "foreign");
    const allocation = view.allocation(runner.id);
    if (!ours) runner.incarnation = undefined;
    if (allocation?.phase === "running") {
      if (ours) this.#keepFresh(runner, allocation);
      return registry.move(runner, "idle");
    }
    if (runner.state !== "registering") registry.move(runner, "starting");
    if (allocation?.phase === "ended" && !allocation.replaced) this.#checkSoon(runner);
  }

  /**
   * A reserved runner began a new life while it was idle. Its mark is older than that, and to a successor it would be one whose client lost what
   * was in it; so the reservation is given back, and made anew as any other.
   */
  #keepFresh(runner: Runner, { incarnation }: AllocationState): void {
    const { marks, logger } = this.#options;
    runner.incarnation ??= incarnation;
    if (runner.incarnation === incarnation || marks.isReleasing(runner.id)) return;
    marks.release(runner.id).catch((error: unknown) => {
      logger.debug("an outdated reservation could not be given back", { runner_id: runner.id, error });
    });
  }

  /** A claimed runner: the life that its client was given must go on. */
  #watch(runner: Runner, record: JobRecord): void {
    const { registry, view } = this.#options;
    const mark = readMark(record.meta ?? {});
    if (runner.reservedElsewhere && mark.kind !== "reserved") return this.#leaveToOwner(runner, record);
    const allocation = view.allocation(runner.id);
    if (runner.state !== "used" || allocation === undefined) return;
    if (allocation.incarnation === runner.incarnation && allocation.phase !== "ended") return;
    const outcome = this.#outcomeOf(allocation, runner);
    registry.discard(runner, { outcome, reason: "its allocation ended" });
  }

  #outcomeOf(current: AllocationState, runner: Runner): ExecutionOutcome {
    const mine = this.#options.view.allocationOf(runner.id, runner.incarnation) ?? current;
    if (mine.oomKilled) return OOM_KILLED;
    return mine.phase === "ended" && mine.endedAsExpected && !mine.replaced ? STOPPED : LOST;
  }

  /** Another server that lives had reserved it, and gave it back or handed it out; no client came here with it. */
  #leaveToOwner(runner: Runner, record: JobRecord): void {
    runner.reservedElsewhere = false;
    runner.session?.end(STOPPED);
    runner.session = undefined;
    this.#options.registry.move(runner, "foreign");
    this.#settle(runner, record);
  }

  /** Nomad may still place a successor; the order of events of two allocations is not given. */
  #checkSoon(runner: Runner): void {
    if (this.#checks.has(runner.id)) return;
    const timer = setTimeout(() => void this.#check(runner), SUCCESSOR_GRACE_MS);
    this.#checks.set(runner.id, timer.unref());
  }

  async #check(runner: Runner): Promise<void> {
    const { registry, view, logger } = this.#options;
    this.#checks.delete(runner.id);
    if (this.#stopped || runner.state !== "starting") return;
    try {
      await view.refresh(runner.id);
    } catch (error) {
      // The snapshot after the reconnect looks again.
      return logger.debug("a runner's allocation could not be read", { runner_id: runner.id, error });
    }
    const allocation = view.allocation(runner.id);
    if (runner.state !== "starting" || allocation?.phase !== "ended" || allocation.replaced) return;
    registry.discard(runner, { outcome: LOST, reason: "its allocation ended" });
  }
}
