import type { FastifyInstance } from "fastify";
import { ApiError, runnerGone } from "../errors.js";
import type { Upgrades } from "../http/upgrades.js";
import type { Query } from "../schemas/query.js";
import type { ExecutionSockets } from "../websocket/execution-sockets.js";
import { checkHandshake } from "../websocket/handshake.js";
import { findRunner, type RouteContext, runnerOf } from "./context.js";
import { BASE, RUNNER_ID } from "./paths.js";

/** Opens an execution. In order: 410, 404, then the handshake; only a good one takes the execution off the list (rest-api.md). */
export function addWebSocketRoute(
  app: FastifyInstance,
  context: RouteContext,
  { upgrades, sockets }: { readonly upgrades: Upgrades; readonly sockets: ExecutionSockets },
): void {
  app.get(
    `${BASE}/runners/${RUNNER_ID}/websocket`,
    { config: { name: "/websocket" } },
    async (request, reply) => {
      const asked = upgrades.connectionOf(request.raw);
      // A connection that is to be upgraded is not read before.
      const runner = asked === undefined ? await runnerOf(request, context) : findRunner(request, context);
      if (runner === undefined) throw runnerGone();
      const { executionID = "" } = request.query as Query;
      if (!runner.hasExecution(executionID)) throw new ApiError(404, "execution id unknown");
      const connection = checkHandshake(request, asked, context.options);
      reply.hijack();
      request.upgraded = true;
      sockets.upgrade(request.raw, connection, {
        requestId: request.id,
        open: (listener) => {
          try {
            return runner.open(executionID, listener);
          } catch (error) {
            context.logger.error("an execution could not be opened", { error, request_id: request.id });
            return undefined;
          }
        },
      });
    },
  );
}
