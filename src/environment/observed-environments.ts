import { Duration } from "../telemetry/duration.js";
import type { Logger } from "../telemetry/logger.js";
import type { EnvironmentService } from "./service.js";

/** The same environments, with each change by a client told in one log line: at info, at warning when it failed. */
export function observedEnvironments(service: EnvironmentService, logger: Logger): EnvironmentService {
  async function told<Result>(
    id: number,
    change: () => Promise<Result>,
    outcomeOf: (result: Result) => string,
  ): Promise<Result> {
    const start = performance.now();
    const fields = () => ({ environment_id: id, duration: new Duration(performance.now() - start) });
    try {
      const result = await change();
      logger.info("environment", { ...fields(), outcome: outcomeOf(result) });
      return result;
    } catch (error) {
      logger.warn("environment", { ...fields(), outcome: "failed", error });
      throw error;
    }
  }
  return {
    list: (options) => service.list(options),
    get: (id, options) => service.get(id, options),
    put: (id, settings) =>
      told(
        id,
        () => service.put(id, settings),
        (outcome) => outcome,
      ),
    delete: (id) =>
      told(
        id,
        () => service.delete(id),
        (existed) => (existed ? "deleted" : "unknown"),
      ),
    statistics: () => service.statistics(),
    depleted: () => service.depleted(),
  };
}
