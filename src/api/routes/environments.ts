import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ExecutionEnvironment } from "../../environment/service.js";
import { sendEmpty, sendJson } from "../answers.js";
import { badRequest } from "../errors.js";
import { environmentRequest } from "../schemas/environment.js";
import { MAX_SAFE } from "../schemas/fields.js";
import { type Query, queryBoolean } from "../schemas/query.js";
import { bodyOf, type RouteContext } from "./context.js";
import { BASE, ENVIRONMENT_ID } from "./paths.js";

const LIST = `${BASE}/execution-environments`;
const ONE = `${LIST}/${ENVIRONMENT_ID}`;

/** Execution environments (rest-api.md, "Execution environments"). */
export function addEnvironmentRoutes(app: FastifyInstance, context: RouteContext): void {
  const { environments } = context;

  app.get(LIST, { config: { name: "list" } }, async (request, reply) => {
    const all = await environments.list({ fetch: fetchOf(request) });
    return sendJson(reply, 200, { executionEnvironments: all.map(answerOf) });
  });

  app.get(ONE, { config: { name: "get" } }, async (request, reply) => {
    const id = idOf(request);
    const environment = await environments.get(id, { fetch: fetchOf(request) });
    return environment === undefined ? sendEmpty(reply, 404) : sendJson(reply, 200, answerOf(environment));
  });

  app.put(ONE, { config: { name: "createOrUpdate" } }, async (request, reply) => {
    const settings = await bodyOf(request, reply, { schema: environmentRequest, context });
    const { networkAccess, exposedPorts } = settings;
    const outcome = await environments.put(idOf(request), {
      ...settings,
      exposedPorts: networkAccess ? exposedPorts : [],
    });
    return sendEmpty(reply, outcome === "created" ? 201 : 204);
  });

  app.delete(ONE, { config: { name: "delete" } }, async (request, reply) => {
    const existed = await environments.delete(idOf(request));
    return sendEmpty(reply, existed ? 204 : 404);
  });
}

/** The id in the path, which is digits; leading zeros do not count. */
function idOf(request: FastifyRequest): number {
  const id = Number((request.params as { readonly id: string }).id);
  if (id > MAX_SAFE) throw badRequest(`id: expected an integer from 0 to ${MAX_SAFE}`);
  return id;
}

function fetchOf(request: FastifyRequest): boolean {
  const fetch = queryBoolean((request.query as Query).fetch);
  if (fetch === "invalid") throw badRequest("fetch: expected true or false");
  return fetch ?? false;
}

/** The environment as clients see it: these fields, no others, ports always as an array. */
function answerOf(environment: ExecutionEnvironment): ExecutionEnvironment {
  const { id, prewarmingPoolSize, cpuLimit, memoryLimit, image, networkAccess } = environment;
  const exposedPorts = networkAccess ? environment.exposedPorts : [];
  return { id, prewarmingPoolSize, cpuLimit, memoryLimit, image, networkAccess, exposedPorts };
}
