import type { FastifyInstance, FastifyRequest } from "fastify";
import { checkCommandSize } from "../../shell/command-size.js";
import { sendJson } from "../answers.js";
import { badRequest } from "../errors.js";
import { forwarded } from "../http/forwarded.js";
import { executionRequest } from "../schemas/execution.js";
import { bodyOf, type RouteContext, runnerOf } from "./context.js";
import { BASE, RUNNER_ID } from "./paths.js";

/** Prepares an execution; its WebSocket starts it (rest-api.md, "Runners"). */
export function addExecuteRoute(app: FastifyInstance, context: RouteContext): void {
  app.post(
    `${BASE}/runners/${RUNNER_ID}/execute`,
    { config: { name: "/execute" } },
    async (request, reply) => {
      await runnerOf(request, context);
      const body = await bodyOf(request, reply, { schema: executionRequest, context });
      const { command, environment, timeLimit, privilegedExecution: privileged } = body;
      if (command.includes("'")) throw badRequest("use of forbidden character");
      const tooLarge = checkCommandSize({ command, environment });
      if (tooLarge !== undefined) throw badRequest(tooLarge);
      // Looked up anew: the runner may have gone while the body arrived.
      const runner = await runnerOf(request, context);
      const executionId = runner.prepare({ command, environment, privileged, timeLimit });
      return sendJson(reply, 200, {
        websocketUrl: websocketUrl(request, { runner: runner.id, executionId, context }),
      });
    },
  );
}

function websocketUrl(
  request: FastifyRequest,
  { runner, executionId, context }: { runner: string; executionId: string; context: RouteContext },
): string {
  const { secure, host } = forwarded(request, context.options);
  const path = `${BASE}/runners/${encodeURIComponent(runner)}/websocket?executionID=${executionId}`;
  return `${secure ? "wss" : "ws"}://${host}${path}`;
}
