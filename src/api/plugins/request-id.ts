import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";
import { requestContext } from "../../lib/request-context.js";

/** The header that carries a request's id both ways. */
export const REQUEST_ID_HEADER = "X-Request-Id";

const SANE = /^[\w.:/+=@-]{1,128}$/;

/** The id that the client sent, if it is short and harmless in a log line, else a new one (rest-api.md). */
export function requestIdOf(message: Pick<IncomingMessage, "headers">): string {
  const sent = message.headers["x-request-id"];
  return typeof sent === "string" && SANE.test(sent) ? sent : randomUUID();
}

/** Every answer carries the request's id, and what is done for the request runs in its context. */
export function addRequestId(app: FastifyInstance): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.header(REQUEST_ID_HEADER, request.id);
    requestContext.run({ requestId: request.id }, done);
  });
}
