import { Duration } from "../telemetry/duration.js";
import { RunnerError } from "./errors.js";
import type { RunnerHandle, RunnerService } from "./handle.js";
import { ObservedRunner, type Observers } from "./observed-runner.js";

/** The same runners, with each operation of a client counted, measured, and told in one log line at debug. */
export function observedRunners(service: RunnerService, observers: Observers): RunnerService {
  const { metrics, logger } = observers;
  return {
    async claim(environmentId, options): Promise<RunnerHandle> {
      const start = performance.now();
      const fields = () => ({
        environment_id: environmentId,
        duration: new Duration(performance.now() - start),
      });
      try {
        const runner = await service.claim(environmentId, options);
        metrics.observe("stepDuration", { step: "claim" }, performance.now() - start);
        logger.debug("claim", { ...fields(), outcome: "claimed", runner_id: runner.id });
        return new ObservedRunner(runner, observers);
      } catch (error) {
        const result = failureName(error);
        metrics.count("claims", { result, kind: "none" });
        logger.debug("claim", { ...fields(), outcome: result, error });
        throw error;
      }
    },
    find(runnerId) {
      const runner = service.find(runnerId);
      return runner && new ObservedRunner(runner, observers);
    },
    async giveBack(runnerId) {
      const start = performance.now();
      const tell = (outcome: string, more = {}): void => {
        const duration = new Duration(performance.now() - start);
        logger.debug("return", { runner_id: runnerId, outcome, duration, ...more });
      };
      try {
        await service.giveBack(runnerId);
        tell("done");
      } catch (error) {
        tell("failed", { error });
        throw error;
      }
    },
  };
}

function failureName(error: unknown): string {
  if (!(error instanceof RunnerError)) return "failed";
  if (error.code === "pool-empty") return "pool_empty";
  return error.code === "environment-not-found" ? "environment_unknown" : "failed";
}
