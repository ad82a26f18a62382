import { randomUUID } from "node:crypto";
import { atMost } from "../lib/at-most.js";
import { Retries } from "../lib/retries.js";
import { whileAlive } from "../lib/while-alive.js";
import { ANSWER_MS } from "../nomad/answer-time.js";
import type { NomadClient } from "../nomad/client.js";
import type { ClusterListener, ClusterView } from "../nomad/cluster-view.js";
import { NomadError } from "../nomad/errors.js";
import { parseJobId } from "../nomad/job-ids.js";
import type { RegisterJob } from "../nomad/registration.js";
import type { Job } from "../nomad/wire.js";
import type { Logger } from "../telemetry/logger.js";
import { type MetricsSink, noMetrics } from "../telemetry/metrics-sink.js";
import { Claims } from "./claims.js";
import { goOn, type ReachedPoint } from "./crash-points.js";
import { deleteRunners } from "./delete-runners.js";
import { Deletions } from "./deletions.js";
import type { RunnerHandle, RunnerService } from "./handle.js";
import { LateMarks, type LateMarksOptions } from "./late-marks.js";
import { Lull } from "./lull.js";
import { MarkWriter } from "./mark-writer.js";
import { readMark } from "./marks.js";
import { Observer } from "./observer.js";
import type { OpenShell } from "./open-shell.js";
import { Orphans } from "./orphans.js";
import { Pool } from "./pool.js";
import { PoolController } from "./pool-controller.js";
import { isAmple } from "./pool-policy.js";
import { Recovery } from "./recovery.js";
import { RunnerRegistry, STOPPED } from "./registry.js";
import { Reservations } from "./reservations.js";
import { Retirement } from "./retirement.js";
import { Sessions } from "./sessions.js";
import { TIMINGS, type Timings } from "./timings.js";

/** How often prepared executions that nobody opened are swept out, ms. */
const SWEEP_MS = 60_000;

/** How long a stop waits for a Nomad that does not take its marks, ms. */
const LAST_MARKS_MS = 5_000;

/** How long a return waits for its deletion at a Nomad that answers others, ms. */
const BUSY_MS = 30_000;

/** What the runner manager is made of. */
export interface RunnerManagerOptions {
  readonly client: NomadClient;
  readonly view: ClusterView;
  readonly register: RegisterJob;
  readonly openShell: OpenShell;
  /** `nomad.disableforcepull`. */
  readonly disableForcePull: boolean;
  /** `nomad.warm`. */
  readonly warm: number;
  /** Seconds: `server.executionttl`. */
  readonly executionTtl: number;
  readonly logger: Logger;
  readonly metrics?: MetricsSink;
  /** Called whenever a pool's figures may have changed. */
  readonly onPoolChange?: (pool: Pool) => void;
  /** For tests. */
  readonly reached?: ReachedPoint;
  readonly timings?: Timings;
}

/** The runners of all environments: pools, claims, returns, recovery (lifecycle.md). */
export class RunnerManager implements RunnerService, ClusterListener {
  readonly #options: RunnerManagerOptions;
  readonly #registry: RunnerRegistry;
  readonly #deletions: Deletions;
  readonly #marks: MarkWriter;
  readonly #reservations: Reservations;
  readonly #sessions: Sessions;
  readonly #claims: Claims;
  readonly #recovery: Recovery;
  readonly #observer: Observer;
  readonly #orphans: Orphans;
  readonly #lateMarks: LateMarks;
  readonly #controllers = new Map<Pool, PoolController>();
  readonly #lull = new Lull<Pool>();
  readonly #reached: ReachedPoint;
  readonly #retirement: Retirement;
  readonly #retries: Retries;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: RunnerManagerOptions) {
    const { client, view, logger, reached = goOn } = options;
    const instance = randomUUID();
    const retries = new Retries();
    const deletions = new Deletions({ client, logger, reached, retries });
    const changed = (pool: Pool) => this.#poolChanged(pool);
    const registry = new RunnerRegistry({ deletions, logger, reached, changed });
    const marks = new MarkWriter({ client, view, instance });
    const sessions = new Sessions({ ...options, registry, reached });
    this.#options = options;
    this.#reached = reached;
    this.#retries = retries;
    this.#deletions = deletions;
    this.#registry = registry;
    this.#sessions = sessions;
    this.#reservations = new Reservations({
      marks,
      warm: options.warm,
      logger,
      reached,
      onReserved: (pool) => sessions.warm(pool),
    });
    this.#marks = marks;
    const shared = { registry, marks, view, sessions, logger, reached, retries };
    this.#claims = new Claims({
      ...shared,
      metrics: options.metrics ?? noMetrics,
      look: (runnerId) => this.#observer.jobChanged(runnerId),
      onClaim: (pool) => (isAmple(pool.figures) ? this.#lull.begin(pool) : this.#lull.end(pool)),
    });
    const retirement = new Retirement({ registry, marks, view, logger });
    this.#retirement = retirement;
    this.#recovery = new Recovery({ ...shared, retirement });
    this.#observer = new Observer({ registry, view, deletions, marks, instance, logger });
    const { orphanGrace, lateMarks } = options.timings ?? TIMINGS;
    this.#orphans = new Orphans({ registry, view, deletions, grace: orphanGrace, logger });
    const recovery = this.#recovery;
    const takeOver: LateMarksOptions["takeOver"] = (runner, kind) => recovery.takeOverLate(runner, kind);
    this.#lateMarks = new LateMarks({ registry, takeOver, grace: lateMarks, logger });
  }

  /** Pools are recovered next. */
  start(): void {
    this.#lateMarks.start();
    this.#sweep ??= setInterval(() => {
      for (const { session } of this.#registry.runners()) session?.sweep();
    }, SWEEP_MS).unref();
  }

  /** Stops all that works by itself and gives the reservations back: a successor may start now. Runners stay. */
  async stop(): Promise<void> {
    clearInterval(this.#sweep);
    this.#sessions.stop();
    this.#orphans.stop();
    this.#lateMarks.stop();
    const controllers = Promise.all([...this.#controllers.values()].map((controller) => controller.stop()));
    const reservations = this.#reservations.stop(this.#registry.pools());
    await atMost(LAST_MARKS_MS, Promise.all([controllers, reservations]));
  }

  /** Waits for the last marks and gives up what a stopped manager still does in the background: nobody is served any more. */
  async close(): Promise<void> {
    await Promise.all([atMost(LAST_MARKS_MS, this.#marks.settled()), this.#sessions.closeShells()]);
    this.#observer.stop();
    this.#claims.stop();
    this.#deletions.stop();
  }

  jobChanged(jobId: string): void {
    if (parseJobId(jobId)?.kind === "runner") this.#observer.jobChanged(jobId);
  }

  snapshotTaken(): void {
    this.#observer.snapshotTaken();
    this.#orphans.snapshotTaken();
  }

  reconnected(): void {
    this.#retries.wake();
  }

  claim(environmentId: number, options: { readonly inactivityTimeout: number }): Promise<RunnerHandle> {
    return this.#claims.claim(environmentId, options);
  }

  find(runnerId: string): RunnerHandle | undefined {
    const runner = this.#registry.runner(runnerId);
    if (runner?.state === "foreign") {
      // Its server is gone, or its clients would not come here: any server can take over any runner (beyond.md).
      // One that is only reserved was handed out too, or nobody could ask for it: its server died before it set the mark right.
      const { view } = this.#options;
      const mark = readMark(view.job(runnerId)?.meta ?? {});
      if (mark.kind !== "free" && view.allocation(runnerId)?.phase === "running")
        this.#recovery.takeOver(runner, mark);
    }
    if (runner?.state !== "used") return undefined;
    runner.reservedElsewhere = false;
    return runner.session;
  }

  async giveBack(runnerId: string): Promise<void> {
    const runner = this.#registry.runner(runnerId);
    if (runner?.state !== "used") return;
    const gone = this.#registry.giveUp(runner, { outcome: STOPPED, reason: "returned by its client" });
    this.#reached("return.given-up");
    const deletions = this.#deletions;
    const patience = { silence: ANSWER_MS, longest: BUSY_MS, lastSign: () => deletions.answeredAt };
    const deleted = gone.then(() => true);
    if (await whileAlive(deleted, patience)) return this.#reached("return.deleted");
    throw new NomadError("unreachable", "Nomad does not answer in time");
  }

  /** The pool of an environment, for its figures. */
  pool(environmentId: number): Pool | undefined {
    return this.#registry.pool(environmentId);
  }

  /** Makes the environment known with an empty pool; nothing works on it until `runPool`. */
  openPool(environmentId: number, settings: { readonly size: number; readonly template: Job }): void {
    this.#registry.addPool(new Pool(environmentId, settings.size, settings.template));
  }

  /** Finds the environment's runners at Nomad again and takes them into its pool. `running`: not at the start of the server. */
  recoverPool(environmentId: number, options: { readonly running: boolean }): void {
    const pool = this.#registry.pool(environmentId);
    if (pool !== undefined) this.#recovery.recover(pool, options);
  }

  /** Lets the controller work on the pool, from filling it on; resolves when every missing runner is evaluated. */
  async runPool(environmentId: number): Promise<void> {
    const pool = this.#registry.pool(environmentId);
    if (pool === undefined || this.#controllers.has(pool)) return;
    const { register, logger, disableForcePull } = this.#options;
    const controller = new PoolController({
      pool,
      registry: this.#registry,
      register,
      reached: this.#reached,
      retries: this.#retries,
      retirement: this.#retirement,
      trimGrace: (this.#options.timings ?? TIMINGS).trimGrace,
      pullOnFill: !disableForcePull,
      logger,
    });
    this.#controllers.set(pool, controller);
    await controller.fill();
    this.#poolChanged(pool);
  }

  /** Lets the controller look at the pool's figures again. */
  kick(environmentId: number): void {
    const pool = this.#registry.pool(environmentId);
    if (pool !== undefined) this.#poolChanged(pool);
  }

  /** Takes over changed settings; idle runners stay. */
  resizePool(environmentId: number, settings: { readonly size: number; readonly template: Job }): void {
    const pool = this.#registry.pool(environmentId);
    if (pool === undefined) return;
    pool.size = settings.size;
    pool.template = settings.template;
    this.#controllers.get(pool)?.trimNow();
    this.#poolChanged(pool);
  }

  /**
   * Takes the environment's pool away, or puts an empty one in its place that nothing works on yet: every runner, used ones too, is gone at once. Resolves
   * when the controller has stopped and Nomad has taken every deletion, also of runners that were not known here. Rejects with a
   * NomadError; what is known goes on being deleted.
   */
  async closePool(
    environmentId: number,
    options: { readonly replacement?: { readonly size: number; readonly template: Job } } = {},
  ): Promise<void> {
    const pool = this.#registry.pool(environmentId);
    const { replacement } = options;
    const change = replacement === undefined ? "delete" : "replace";
    const reason = "its environment was replaced or deleted";
    const deletions = [...(pool?.runners() ?? [])].map((runner) =>
      this.#registry.giveUp(runner, { outcome: STOPPED, reason }),
    );
    // Waited for behind the listing, which is the first to tell that Nomad cannot be reached.
    const deleted = Promise.all(deletions);
    deleted.catch(() => undefined);
    this.#registry.removePool(environmentId);
    if (replacement !== undefined) this.openPool(environmentId, replacement);
    const controller = pool && this.#controllers.get(pool);
    if (pool !== undefined) this.#controllers.delete(pool);
    this.#reached(`${change}.given-up`);
    // What is under way at a silent Nomad takes its time: whether that answers is found out meanwhile.
    const answers = this.#options.client.listJobs({ prefix: `${environmentId}-` });
    await Promise.all([controller?.stop(), answers]);
    this.#reached(`${change}.controller-stopped`);
    await deleteRunners(environmentId, {
      ...this.#options,
      registry: this.#registry,
      deletions: this.#deletions,
    });
    await deleted;
    this.#reached(`${change}.runners-deleted`);
  }

  #poolChanged(pool: Pool): void {
    this.#sessions.warm(pool);
    const controller = this.#controllers.get(pool);
    if (controller === undefined) return;
    this.#lull.after(pool, () => {
      controller.kick();
      this.#reservations.ensure(pool);
    });
    this.#options.onPoolChange?.(pool);
  }
}
