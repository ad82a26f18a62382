import type { FastifyInstance } from "fastify";
import type { Upgrades } from "../http/upgrades.js";
import type { ExecutionSockets } from "../websocket/execution-sockets.js";
import type { RouteContext } from "./context.js";
import { addDownloadRoute } from "./download.js";
import { addEnvironmentRoutes } from "./environments.js";
import { addExecuteRoute } from "./execute.js";
import { addFileRoutes } from "./files.js";
import { addMetricsRoute } from "./metrics.js";
import { addMiscellaneousRoutes } from "./miscellaneous.js";
import { addOpenApiRoutes } from "./openapi.js";
import { addRunnerRoutes } from "./runners.js";
import { addWebSocketRoute } from "./websocket.js";

/** Adds every route of the API. */
export function addRoutes(
  app: FastifyInstance,
  context: RouteContext,
  parts: { readonly upgrades: Upgrades; readonly sockets: ExecutionSockets },
): void {
  addMiscellaneousRoutes(app, context);
  addOpenApiRoutes(app, context);
  addEnvironmentRoutes(app, context);
  addRunnerRoutes(app, context);
  addFileRoutes(app, context);
  addDownloadRoute(app, context);
  addExecuteRoute(app, context);
  addWebSocketRoute(app, context, parts);
  if (context.metrics !== undefined) addMetricsRoute(app, context.metrics);
}
