import type { FastifyInstance } from "fastify";
import { ApiError } from "../errors.js";
import type { ApiState } from "../options.js";

/** Until the recovery is done, routes that need Nomad answer NOMAD_UNREACHABLE (lifecycle.md, "Start"). */
export function addReadiness(app: FastifyInstance, state: ApiState): void {
  app.addHook("onRequest", (request, _reply, done) => {
    const independent = request.is404 || request.routeOptions.config.beforeReady === true;
    if (independent || state.ready()) done();
    else done(new ApiError(500, "Nomad has not been reached yet", { code: "NOMAD_UNREACHABLE" }));
  });
}
