import type { ClusterView } from "../nomad/cluster-view.js";
import { isNomadError } from "../nomad/errors.js";
import type { Logger } from "../telemetry/logger.js";
import type { MarkWriter } from "./mark-writer.js";
import { type RunnerRegistry, STOPPED } from "./registry.js";

/** What retiring works with. */
export interface RetirementOptions {
  readonly registry: RunnerRegistry;
  readonly marks: MarkWriter;
  readonly view: ClusterView;
  readonly logger: Logger;
}

/**
 * Gives up runners that nobody has: each is marked first, since another server may be handing it out right now, and Nomad deletes without asking. One
 * that was taken meanwhile, here or there, stays.
 */
export class Retirement {
  readonly #options: RetirementOptions;

  constructor(options: RetirementOptions) {
    this.#options = options;
  }

  /** Never rejects; what cannot be marked now stays, and is found again by whoever wanted it away. `reason` is for the log. */
  async retire(runnerId: string, reason: string): Promise<void> {
    const { registry, marks, view, logger } = this.#options;
    const unknown = registry.runner(runnerId) === undefined;
    if (view.job(runnerId) !== undefined) {
      try {
        await marks.reserve(runnerId, { urgent: false });
      } catch (error) {
        if (!isNomadError(error, "conflict", "not-found"))
          logger.warn("a runner could not be retired", { runner_id: runnerId, error });
        return;
      }
    }
    const runner = registry.runner(runnerId);
    if (runner === undefined) {
      if (unknown) registry.discardUnknown(runnerId);
    } else if (runner.state === "idle" || runner.state === "starting" || runner.state === "registering") {
      registry.discard(runner, { outcome: STOPPED, reason });
    }
  }
}
