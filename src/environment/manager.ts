import { setMaxListeners } from "node:events";
import type { NomadClient } from "../nomad/client.js";
import type { ClusterListener, ClusterView } from "../nomad/cluster-view.js";
import { isNomadError } from "../nomad/errors.js";
import { parseJobId, templateJobId } from "../nomad/job-ids.js";
import { type JobRecord, jobOf } from "../nomad/job-record.js";
import { buildTemplateJob, readSettings, type TemplateOptions } from "../nomad/job-template.js";
import type { RegisterJob } from "../nomad/registration.js";
import type { Job } from "../nomad/wire.js";
import { goOn, type ReachedPoint } from "../runner/crash-points.js";
import type { RunnerManager } from "../runner/manager.js";
import { isDepleted } from "../runner/pool-policy.js";
import { TIMINGS, type Timings } from "../runner/timings.js";
import type { Logger } from "../telemetry/logger.js";
import { EnvironmentChanges } from "./changes.js";
import { DepletionAlert } from "./depletion-alert.js";
import type {
  EnvironmentService,
  EnvironmentSettings,
  EnvironmentStatistics,
  ExecutionEnvironment,
} from "./service.js";
import { TemplateWatch } from "./template-watch.js";

/** What the environment manager is made of. */
export interface EnvironmentManagerOptions {
  readonly client: NomadClient;
  readonly view: ClusterView;
  readonly register: RegisterJob;
  readonly runners: RunnerManager;
  /** What template jobs are made from; asked for when it is needed, since HCL has to be read by Nomad first. */
  readonly template: () => TemplateOptions;
  /** `server.alert.*`: a share in [0, 1), and seconds. */
  readonly alert: { readonly threshold: number; readonly reloadTimeout: number };
  readonly logger: Logger;
  /** For tests. */
  readonly reached?: ReachedPoint;
  readonly timings?: Timings;
}

/** An environment as it was asked for, or read from Nomad. */
interface Known {
  readonly environment: ExecutionEnvironment;
  readonly template: Job;
}

/** The execution environments: each a template job at Nomad and a pool of runners here (lifecycle.md, "Environments"). */
export class EnvironmentManager implements EnvironmentService, ClusterListener {
  readonly #options: EnvironmentManagerOptions;
  readonly #known = new Map<number, Known>();
  readonly #changes: EnvironmentChanges;
  /** What could not be made at once, and is worked on. */
  readonly #unfinished = new Set<Known>();
  readonly #alert: DepletionAlert;
  readonly #watch: TemplateWatch;
  readonly #stop = new AbortController();
  readonly #reached: ReachedPoint;

  constructor(options: EnvironmentManagerOptions) {
    this.#options = options;
    this.#reached = options.reached ?? goOn;
    // One for each change under way; Node takes more than ten for a leak.
    setMaxListeners(0, this.#stop.signal);
    this.#changes = new EnvironmentChanges({ ...options, signal: this.#stop.signal });
    this.#watch = new TemplateWatch({ ...options, grace: (options.timings ?? TIMINGS).templateGrace });
    this.#alert = new DepletionAlert({
      reloadTimeout: options.alert.reloadTimeout,
      isDepleted: (id) => this.#isDepleted(id),
      reload: (id) => this.#reload(id),
      logger: options.logger,
    });
  }

  /** Takes over every environment that the cluster view has. Their pools are filled in the background. */
  recover(): void {
    for (const record of [...this.#options.view.jobs()]) {
      if (record.kind === "template") this.#adopt(record, { running: false });
    }
  }

  stop(): void {
    this.#stop.abort();
    this.#alert.stop();
    this.#watch.stop();
  }

  jobChanged(jobId: string): void {
    const parsed = parseJobId(jobId);
    if (parsed?.kind !== "template" || this.#stop.signal.aborted) return;
    this.#watch.look(parsed.environmentId, () => this.#known.has(parsed.environmentId));
  }

  snapshotTaken(): void {
    // Template jobs are looked at when they change; those of others stay unknown until a fetch.
  }

  reconnected(): void {
    this.#changes.wake();
  }

  /** The figures of an environment's pool may have changed. */
  poolChanged(environmentId: number): void {
    this.#alert.look(environmentId);
  }

  async list(options: { readonly fetch: boolean }): Promise<readonly ExecutionEnvironment[]> {
    if (options.fetch) await this.#fetchAll();
    return [...this.#known.values()]
      .map(({ environment }) => environment)
      .sort((one, other) => one.id - other.id);
  }

  async get(id: number, options: { readonly fetch: boolean }): Promise<ExecutionEnvironment | undefined> {
    if (options.fetch) {
      await this.#changes.run(id, async () =>
        this.#takeOver(id, await this.#options.view.refresh(templateJobId(id))),
      );
    }
    return this.#known.get(id)?.environment;
  }

  put(id: number, settings: EnvironmentSettings): Promise<"created" | "replaced"> {
    return this.#changes.run(id, async () => {
      const outcome = this.#known.has(id) ? "replaced" : "created";
      const wanted = this.#wanted(id, settings);
      this.#known.set(id, wanted);
      this.#reached("replace.begun");
      try {
        await this.#establish(wanted);
      } catch (error) {
        if (this.#known.get(id) === wanted) void this.#retry(id, wanted);
        throw error;
      }
      // From here on the pool goes on by itself, whatever fails.
      await this.#options.runners.runPool(id);
      this.#reached("replace.filled");
      return outcome;
    });
  }

  delete(id: number): Promise<boolean> {
    return this.#changes.run(id, async () => {
      if (!this.#known.delete(id)) return false;
      this.#reached("delete.begun");
      try {
        await this.#destroy(id);
      } catch (error) {
        void this.#retry(id, undefined);
        throw error;
      }
      return true;
    });
  }

  statistics(): readonly EnvironmentStatistics[] {
    return [...this.#known.keys()].flatMap((id) => {
      const pool = this.#options.runners.pool(id);
      if (pool === undefined) return [];
      const { size, idle, starting } = pool.figures;
      const used = pool.count("used");
      return [
        { id, prewarmingPoolSize: size, idleRunners: idle, usedRunners: used, startingRunners: starting },
      ];
    });
  }

  depleted(): readonly number[] {
    return [...this.#known.keys()].filter((id) => this.#isDepleted(id)).sort((one, other) => one - other);
  }

  #isDepleted(id: number): boolean {
    const pool = this.#options.runners.pool(id);
    return pool !== undefined && isDepleted(pool.figures, this.#options.alert.threshold);
  }

  #wanted(id: number, settings: EnvironmentSettings): Known {
    const exposedPorts = settings.networkAccess ? settings.exposedPorts : [];
    const environment = { ...settings, exposedPorts, id };
    return { environment, template: buildTemplateJob(id, environment, this.#options.template()) };
  }

  /** Destroys what there is, then registers the template job; its pool is empty and nothing works on it yet. */
  async #establish(wanted: Known): Promise<void> {
    const { register } = this.#options;
    const { environment, template } = wanted;
    const pool = { size: environment.prewarmingPoolSize, template };
    await this.#destroy(environment.id, pool);
    try {
      await register(template, { urgent: true, signal: this.#stop.signal });
      this.#reached("replace.template-registered");
    } catch (error) {
      if (isNomadError(error, "refused", "not-found", "placement")) await this.#refused(environment.id);
      throw error;
    }
  }

  /** Nomad refused the template job, or could not place it: the environment does not exist, also not after a restart (D). */
  async #refused(id: number): Promise<void> {
    this.#known.delete(id);
    await this.#destroy(id).catch(() => {
      void this.#retry(id, undefined);
    });
  }

  /** Deletes every runner job first and the template job last, so that a crash in between leaves no orphans. */
  async #destroy(id: number, replacement?: { readonly size: number; readonly template: Job }): Promise<void> {
    await this.#options.runners.closePool(id, replacement === undefined ? {} : { replacement });
    await this.#options.client.deregisterJob(templateJobId(id), { purge: true });
    this.#reached(replacement === undefined ? "delete.template-deleted" : "replace.template-deleted");
  }

  /** Goes on with what a client was told has failed, until it is done or somebody wants something else. */
  async #retry(id: number, wanted: Known | undefined): Promise<void> {
    if (wanted !== undefined) this.#unfinished.add(wanted);
    await this.#changes.retry(id, async () => {
      if (this.#known.get(id) !== wanted) return true;
      await (wanted === undefined ? this.#destroy(id) : this.#establish(wanted));
      if (wanted !== undefined) this.#run(id);
      return true;
    });
    if (wanted !== undefined) this.#unfinished.delete(wanted);
  }

  /** Has the pool filled in the background. */
  #run(id: number): void {
    const { runners, logger } = this.#options;
    runners.runPool(id).catch((error: unknown) => {
      logger.warn("a pool could not be filled, trying again", { environment_id: id, error });
    });
  }

  async #fetchAll(): Promise<void> {
    const { view } = this.#options;
    await view.reconcile();
    const templates = [...view.jobs()].filter(({ kind }) => kind === "template");
    const ids = new Set([...this.#known.keys(), ...templates.map(({ environmentId }) => environmentId)]);
    await Promise.all(
      [...ids].map((id) => this.#changes.run(id, () => this.#takeOver(id, view.job(templateJobId(id))))),
    );
  }

  /** Brings an environment to what its template job says (lifecycle.md, "Fetch"). Idle runners survive (D). */
  async #takeOver(id: number, record: JobRecord | undefined): Promise<void> {
    if (record === undefined) {
      const known = this.#known.get(id);
      if (known === undefined || this.#unfinished.has(known)) return;
      this.#known.delete(id);
      await this.#destroy(id);
    } else if (!this.#known.has(id)) {
      this.#adopt(record, { running: true });
    } else {
      const read = this.#read(record);
      if (read === undefined) return;
      this.#known.set(id, read);
      const { prewarmingPoolSize: size } = read.environment;
      this.#options.runners.resizePool(id, { size, template: read.template });
    }
  }

  /** Adds an environment that exists at Nomad, with the runners that it has there. */
  #adopt(record: JobRecord, options: { readonly running: boolean }): void {
    const { runners } = this.#options;
    const id = record.environmentId;
    const read = this.#read(record);
    if (read === undefined || this.#known.has(id)) return;
    this.#known.set(id, read);
    runners.openPool(id, { size: read.environment.prewarmingPoolSize, template: read.template });
    this.#reached("recovery.pool-opened");
    runners.recoverPool(id, options);
    this.#reached("recovery.adopted");
    this.#run(id);
  }

  #read(record: JobRecord): Known | undefined {
    const { logger } = this.#options;
    const template = jobOf(record);
    const settings = readSettings(template);
    if (settings === undefined || record.status !== "running") {
      const why = settings === undefined ? "is not laid out as ours" : "is not running";
      logger.warn(`a template job ${why} and is skipped`, { environment_id: record.environmentId });
      return undefined;
    }
    return { environment: { ...settings, id: record.environmentId }, template };
  }

  async #reload(id: number): Promise<void> {
    await this.#options.view.reconcile();
    this.#options.runners.kick(id);
  }
}
