import { setMaxListeners } from "node:events";
import { v1 as uuidV1 } from "uuid";
import { Backoff } from "../lib/backoff.js";
import type { Retries } from "../lib/retries.js";
import { isNomadError, PlacementError } from "../nomad/errors.js";
import { buildRunnerJob } from "../nomad/job-template.js";
import type { RegisterJob } from "../nomad/registration.js";
import type { Logger } from "../telemetry/logger.js";
import type { ReachedPoint } from "./crash-points.js";
import type { Pool } from "./pool.js";
import { shortage, surplus } from "./pool-policy.js";
import { type RunnerRegistry, STOPPED } from "./registry.js";
import type { Retirement } from "./retirement.js";
import { Runner } from "./runner.js";

/** A failed registration is tried again after 1 s, doubling to 1 min (lifecycle.md, "The pool's invariant"). */
const RETRY = { initial: 1_000, maximum: 60_000 };

/** So many runners of one pool are being registered or wait for capacity, so that a pool of any size neither costs unbounded memory nor floods a full cluster. */
const MOST_UNDER_WAY = 256;

/** What a controller works with. */
export interface PoolControllerOptions {
  readonly pool: Pool;
  readonly registry: RunnerRegistry;
  readonly retirement: Retirement;
  readonly register: RegisterJob;
  /** Images are pulled again when the pool is filled; false with `nomad.disableforcepull`. */
  readonly pullOnFill: boolean;
  /** How long too many idle runners stay, ms. */
  readonly trimGrace: number;
  readonly reached: ReachedPoint;
  readonly retries: Retries;
  readonly logger: Logger;
}

/** Works toward idle + starting = pool size for one environment, whenever anything changes, until it is stopped. */
export class PoolController {
  readonly #pool: Pool;
  readonly #registry: RunnerRegistry;
  readonly #retirement: Retirement;
  readonly #trimGrace: number;
  readonly #registerJob: RegisterJob;
  readonly #pullOnFill: boolean;
  readonly #logger: Logger;
  readonly #reached: ReachedPoint;
  readonly #retries: Retries;
  readonly #backoff = new Backoff(RETRY);
  readonly #stop = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  /** Registered, and not placed for want of capacity. */
  readonly #waiting = new Set<Runner>();
  /** What a fill under way has still to make. */
  #toFill = 0;
  #scheduled = false;
  #retry: NodeJS.Timeout | undefined;
  #trim: NodeJS.Timeout | undefined;

  constructor(options: PoolControllerOptions) {
    this.#pool = options.pool;
    this.#registry = options.registry;
    this.#retirement = options.retirement;
    this.#trimGrace = options.trimGrace;
    this.#registerJob = options.register;
    this.#pullOnFill = options.pullOnFill;
    this.#reached = options.reached;
    this.#retries = options.retries;
    this.#logger = options.logger.child({ environment_id: options.pool.environmentId });
    // One for each registration under way; Node takes more than ten for a leak.
    setMaxListeners(0, this.#stop.signal);
  }

  /** Something changed: look at the figures soon, after whatever is being answered now. */
  kick(): void {
    if (this.#scheduled || this.#stop.signal.aborted) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#work();
    });
  }

  /**
   * Fills the pool with runners of the newest image; resolves when Nomad has evaluated each. Rejects with the first NomadError; the controller goes on
   * all the same.
   */
  async fill(): Promise<void> {
    this.#toFill = shortage(this.#pool.figures);
    const worker = async () => {
      while (this.#toFill > 0 && !this.#stop.signal.aborted) {
        this.#toFill -= 1;
        try {
          await this.#make({ forcePull: this.#pullOnFill });
        } catch (error) {
          this.#toFill = 0;
          throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#toFill, MOST_UNDER_WAY) }, worker));
  }

  /** Trims a surplus now, not after the grace time: somebody made the pool smaller. */
  trimNow(): void {
    clearTimeout(this.#trim);
    this.#trim = undefined;
    const tooMany = this.#pool.trimmable().slice(0, surplus(this.#pool.figures));
    const reason = "the pool has too many idle runners";
    // Some may have been taken meanwhile: then others are too many.
    void Promise.all(tooMany.map(({ id }) => this.#retirement.retire(id, reason))).then(() => this.kick());
  }

  /** Stops for good; resolves when no registration is in flight any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#retry);
    clearTimeout(this.#trim);
    await Promise.allSettled(this.#inFlight);
  }

  #work(): void {
    if (this.#stop.signal.aborted) return;
    this.#watchSurplus();
    if (this.#retry !== undefined) return;
    for (let missing = this.#missing(); missing > 0; missing -= 1) {
      this.#make({ forcePull: false }).catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#logger.warn("a runner could not be registered", { error });
      });
    }
  }

  /** How many runners to register now. */
  #missing(): number {
    for (const runner of this.#waiting) if (runner.state !== "starting") this.#waiting.delete(runner);
    const room = MOST_UNDER_WAY - this.#inFlight.size - this.#waiting.size;
    return Math.max(0, Math.min(shortage(this.#pool.figures) - this.#toFill, room));
  }

  #watchSurplus(): void {
    if (surplus(this.#pool.figures) === 0) {
      clearTimeout(this.#trim);
      this.#trim = undefined;
    } else if (this.#trim === undefined) {
      this.#trim = setTimeout(() => this.trimNow(), this.#trimGrace);
      this.#trim.unref();
    }
  }

  /** Makes one runner; settles with its first try. */
  #make(options: { readonly forcePull: boolean }): Promise<void> {
    const id = `${this.#pool.environmentId}-${uuidV1()}`;
    const runner = new Runner(id, this.#pool.environmentId, "registering");
    this.#registry.add(this.#pool, runner);
    return new Promise((resolve, reject) => {
      const work = this.#register(runner, {
        ...options,
        onFirst: (error) => (error ? reject(error) : resolve()),
      });
      this.#inFlight.add(work);
      void work.finally(() => {
        this.#inFlight.delete(work);
        this.kick();
      });
    });
  }

  /**
   * Registers a runner; while Nomad cannot be reached again and again with the same id, for an answer may have been lost. Never over a job that
   * is there already: it may be claimed by now, and its mark must stay.
   */
  async #register(
    runner: Runner,
    options: { readonly forcePull: boolean; readonly onFirst: (error?: unknown) => void },
  ): Promise<void> {
    const backoff = new Backoff(RETRY);
    const { signal } = this.#stop;
    while (!signal.aborted && runner.state === "registering") {
      try {
        const job = buildRunnerJob(this.#pool.template, runner.id, options);
        this.#reached("register.before");
        await this.#registerJob(job, { enforceIndex: 0, signal });
        this.#reached("register.answered");
        this.#registered(runner);
        this.#backoff.reset();
        this.#reached("register.done");
        return options.onFirst();
      } catch (error) {
        if (isNomadError(error, "conflict")) {
          this.#registered(runner);
          return options.onFirst();
        }
        options.onFirst(error);
        if (signal.aborted) return;
        // What waits for capacity counts as starting, so that a full cluster does not get more and more jobs.
        if (error instanceof PlacementError && error.blocked) {
          this.#registered(runner);
          this.#waiting.add(runner);
          return;
        }
        if (!isNomadError(error, "unreachable", "no-room")) return this.#refused(runner);
      }
      await this.#retries.pause(backoff, { signal });
    }
    // Not the first try any more: it was seen at Nomad meanwhile, or given up.
    options.onFirst();
  }

  #registered(runner: Runner): void {
    if (runner.state === "registering") this.#registry.move(runner, "starting");
  }

  #refused(runner: Runner): void {
    if (this.#retry === undefined) {
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        this.kick();
      }, this.#backoff.next());
      this.#retry.unref();
    }
    this.#registry.discard(runner, { outcome: STOPPED, reason: "Nomad refused its registration" });
  }
}
