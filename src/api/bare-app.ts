import type { RequestListener, Server } from "node:http";
import Fastify, { type FastifyInstance } from "fastify";
import { badRequest } from "./errors.js";
import type { ApiDependencies } from "./options.js";
import { addAuthentication, tokenCheck } from "./plugins/auth.js";
import { addErrorAnswers, sendError } from "./plugins/errors.js";
import { addHostCheck } from "./plugins/host.js";
import { addRateLimit } from "./plugins/rate-limit.js";
import { addReadiness } from "./plugins/readiness.js";
import { addRequestId, REQUEST_ID_HEADER, requestIdOf } from "./plugins/request-id.js";
import type { RequestsUnderWay } from "./plugins/requests-under-way.js";
import "./plugins/route-config.js";
import { addUnknownPaths } from "./plugins/unknown-paths.js";
import { parseQuery } from "./schemas/query.js";

/** No path is longer than all headers together may be. */
const MAX_PARAM_LENGTH = 64 * 1024;

/** The framework with everything that holds for all routes (rest-api.md, "For every route"), and no route yet. */
export function createBareApp(
  { options, state, runners, logger }: ApiDependencies,
  parts: {
    readonly createServer: (listener: RequestListener) => Server;
    readonly underWay: RequestsUnderWay;
    readonly stopping: () => boolean;
  },
): FastifyInstance {
  const app = Fastify({
    serverFactory: parts.createServer,
    genReqId: requestIdOf,
    requestIdHeader: false,
    // The proxy appends the address that it saw; what stands before that is what the client claims.
    trustProxy: options.trustProxy ? (_address, hop) => hop === 0 : false,
    exposeHeadRoutes: false,
    // While stopping, requests on open connections are still served.
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH, querystringParser: parseQuery },
    // A proxy's form of the request line: `GET http://host/path`.
    rewriteUrl: ({ url = "/" }) =>
      url.startsWith("/") ? url : url.replace(/^https?:\/\/[^/?]+(?=[/?]|$)/i, "") || "/",
    frameworkErrors: (_error, request, reply) => {
      reply.header(REQUEST_ID_HEADER, request.id);
      sendError(badRequest("the request's path is malformed"), request, reply, logger);
    },
  });
  const isAuthorized = tokenCheck(options.token);
  ignoreContentTypes(app);
  parts.underWay.addTo(app);
  addRequestId(app);
  addHostCheck(app);
  addRateLimit(app, { rate: options.rateLimit ?? 0, runners, isAuthorized });
  addAuthentication(app, isAuthorized);
  addReadiness(app, state);
  addErrorAnswers(app, logger);
  addUnknownPaths(app, isAuthorized);
  app.addHook("onSend", (_request, reply, payload, done) => {
    if (parts.stopping()) reply.header("connection", "close");
    done(null, payload);
  });
  return app;
}

/** Bodies are JSON whatever their content type says; routes read them themselves (body-reader.ts). */
function ignoreContentTypes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.addHook("onRequest", (request, _reply, done) => {
    // The framework refuses types that it cannot parse, and some methods without any.
    request.raw.headers["content-type"] = "application/json";
    done();
  });
}
