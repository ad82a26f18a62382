import type { FastifyInstance } from "fastify";
import { sendEmpty, sendJson } from "../answers.js";
import { ApiError } from "../errors.js";
import type { RouteContext } from "./context.js";
import { BASE } from "./paths.js";

/** Health, version and statistics (rest-api.md, "Miscellaneous"). */
export function addMiscellaneousRoutes(app: FastifyInstance, context: RouteContext): void {
  app.get(
    `${BASE}/health`,
    { config: { name: "/health", open: true, beforeReady: true } },
    (_request, reply) => {
      if (context.stopping()) throw new ApiError(503, "the server is stopping", { code: "UNKNOWN" });
      const depleted = context.environments.depleted();
      if (depleted.length === 0) return sendEmpty(reply, 204);
      throw new ApiError(503, `the prewarming pool is depleting: environments ${depleted.join(", ")}`, {
        code: "PREWARMING_POOL_DEPLETING",
      });
    },
  );

  app.get(
    `${BASE}/version`,
    { config: { name: "/version", open: true, beforeReady: true } },
    (_request, reply) => {
      const { version } = context.options;
      return version === undefined ? sendEmpty(reply, 404) : sendJson(reply, 200, version);
    },
  );

  app.get(
    `${BASE}/statistics/execution-environments`,
    { config: { name: "/execution-environments" } },
    (_request, reply) => {
      const byId = context.environments
        .statistics()
        .map(({ id, prewarmingPoolSize, idleRunners, usedRunners, startingRunners }) => [
          String(id),
          { id, prewarmingPoolSize, idleRunners, usedRunners, startingRunners },
        ]);
      return sendJson(reply, 200, Object.fromEntries(byId));
    },
  );
}
