import type { FastifyInstance } from "fastify";
import { sendEmpty, sendJson } from "../answers.js";
import { runnerRequest } from "../schemas/runner.js";
import { bodyOf, type RouteContext, runnerOf } from "./context.js";
import { BASE, RUNNER_ID } from "./paths.js";

/** Claiming and returning runners (rest-api.md, "Runners"). */
export function addRunnerRoutes(app: FastifyInstance, context: RouteContext): void {
  const { runners } = context;

  app.post(`${BASE}/runners`, { config: { name: "provideRunner" } }, async (request, reply) => {
    const { executionEnvironmentId, inactivityTimeout } = await bodyOf(request, reply, {
      schema: runnerRequest,
      context,
    });
    const runner = await runners.claim(executionEnvironmentId, { inactivityTimeout });
    const mappedPorts = runner.mappedPorts.map(({ exposedPort, hostAddress }) => ({
      exposedPort,
      hostAddress,
    }));
    return sendJson(reply, 200, { runnerId: runner.id, mappedPorts });
  });

  app.delete(`${BASE}/runners/${RUNNER_ID}`, { config: { name: "deleteRunner" } }, async (request, reply) => {
    const runner = await runnerOf(request, context);
    await runners.giveBack(runner.id);
    return sendEmpty(reply, 204);
  });
}
