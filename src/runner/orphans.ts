import type { ClusterView } from "../nomad/cluster-view.js";
import { templateJobId } from "../nomad/job-ids.js";
import type { Logger } from "../telemetry/logger.js";
import type { Deletions } from "./deletions.js";
import { type RunnerRegistry, STOPPED } from "./registry.js";

/** What the collector of orphans works with. */
export interface OrphansOptions {
  readonly registry: RunnerRegistry;
  readonly view: ClusterView;
  readonly deletions: Deletions;
  /** How long a runner job without a template job is left alone, ms. */
  readonly grace: number;
  readonly logger: Logger;
}

/** Destroys runner jobs whose template job does not exist. Those of environments that are only not loaded here are left alone. */
export class Orphans {
  readonly #options: OrphansOptions;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: OrphansOptions) {
    this.#options = options;
  }

  /** To be called after each complete snapshot. */
  snapshotTaken(): void {
    if (this.#timer !== undefined || this.#stopped) return;
    const suspects = this.#find();
    if (suspects.length === 0) return;
    this.#timer = setTimeout(() => void this.#collect(new Set(suspects)), this.#options.grace);
    this.#timer.unref();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #find(): string[] {
    const { view, registry } = this.#options;
    const runners = [...view.jobs()].filter(({ kind }) => kind === "runner");
    return runners
      .filter(({ environmentId }) => registry.pool(environmentId) === undefined)
      .filter(({ environmentId }) => view.job(templateJobId(environmentId)) === undefined)
      .map(({ id }) => id);
  }

  async #collect(suspects: ReadonlySet<string>): Promise<void> {
    const { view, registry, deletions, logger } = this.#options;
    try {
      // Judged by the complete truth as it is now, not as it was when the grace time began.
      await view.reconcile();
    } catch (error) {
      logger.debug("orphaned runners are looked at again later", { error });
      return;
    } finally {
      this.#timer = undefined;
    }
    if (this.#stopped) return;
    for (const id of this.#find().filter((orphan) => suspects.has(orphan))) {
      logger.warn("a runner without an environment is destroyed", { runner_id: id });
      const runner = registry.runner(id);
      if (runner !== undefined)
        registry.discard(runner, { outcome: STOPPED, reason: "its environment is gone" });
      else if (!deletions.isPending(id)) registry.discardUnknown(id);
    }
  }
}
