import type { ClusterView } from "../nomad/cluster-view.js";
import { templateJobId } from "../nomad/job-ids.js";
import type { Logger } from "../telemetry/logger.js";

/** Warns when the template job of a living environment does not run any more. */
export class TemplateWatch {
  readonly #view: ClusterView;
  readonly #logger: Logger;
  readonly #grace: number;
  readonly #timers = new Map<number, NodeJS.Timeout>();

  /** `grace`: how long a template job may be without a running allocation before somebody is told, ms. */
  constructor(options: { readonly view: ClusterView; readonly logger: Logger; readonly grace: number }) {
    this.#grace = options.grace;
    this.#view = options.view;
    this.#logger = options.logger;
  }

  /** The environment's template job or its allocation changed. `exists` is asked again before anybody is told. */
  look(environmentId: number, exists: () => boolean): void {
    if (this.#timers.has(environmentId) || !exists() || this.#lives(environmentId)) return;
    const timer = setTimeout(() => void this.#check(environmentId, exists), this.#grace);
    this.#timers.set(environmentId, timer.unref());
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #lives(environmentId: number): boolean {
    const allocation = this.#view.allocation(templateJobId(environmentId));
    return allocation !== undefined && allocation.phase !== "ended";
  }

  async #check(environmentId: number, exists: () => boolean): Promise<void> {
    this.#timers.delete(environmentId);
    if (!exists()) return;
    const jobId = templateJobId(environmentId);
    await this.#view.refresh(jobId).catch(() => undefined);
    if (this.#view.allocation(jobId)?.phase === "running") return;
    this.#logger.warn("the template job of an environment does not run any more", {
      environment_id: environmentId,
    });
  }
}
