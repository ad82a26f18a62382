import type { FastifyReply } from "fastify";

/** The one content type of JSON answers: without charset (rest-api.md). */
export const JSON_TYPE = "application/json";

/** Answers with `value` as JSON. */
export function sendJson(reply: FastifyReply, status: number, value: unknown): FastifyReply {
  return sendJsonText(reply, status, JSON.stringify(value));
}

/** Answers with a JSON text. A Buffer, because the framework would add a charset to a string's content type. */
export function sendJsonText(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).header("content-type", JSON_TYPE).send(Buffer.from(text));
}

/** Answers without body: `Content-Length: 0`, and no such header on a 204. */
export function sendEmpty(reply: FastifyReply, status: number): FastifyReply {
  if (status !== 204) reply.header("content-length", "0");
  return reply.code(status).send();
}
