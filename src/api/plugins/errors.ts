import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "../../telemetry/logger.js";
import { sendJson } from "../answers.js";
import { errorAnswer } from "./error-answer.js";

/** Turns every error that a route throws into the answer of the one table. */
export function addErrorAnswers(app: FastifyInstance, logger: Logger): void {
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, logger));
}

/** Answers with what the table says of `error`. Server errors are logged; of a surprise the log line is all that tells. */
export function sendError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): FastifyReply {
  const answer = errorAnswer(error, request.method);
  if (answer.surprise) logger.error("request failed unexpectedly", { error, request_id: request.id });
  else if (answer.status >= 500) logger.debug("request failed", { error, request_id: request.id });
  // Of an answer that failed before its first byte nothing is left.
  reply.removeHeader("content-length").removeHeader("content-disposition");
  const { status, message, errorCode } = answer;
  // A body that did not come in time is not waited for again; one that is too large is read on, so that the client sees the answer.
  if (!request.raw.complete && (status === 408 || status === 410)) reply.header("connection", "close");
  return sendJson(reply, status, errorCode === undefined ? { message } : { message, errorCode });
}
