import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";
import { badRequest } from "../errors.js";

const HOST = /^[\w.~!$&'()*+,;=:%[\]-]*$/;

/** What is wrong with a request's Host header, if anything: exactly one is needed from HTTP/1.1 on, of characters a host can have. */
export function hostFault(message: Pick<IncomingMessage, "rawHeaders" | "httpVersion">): string | undefined {
  const hosts = message.rawHeaders.filter(
    (_, at, all) => at % 2 === 1 && all[at - 1]?.toLowerCase() === "host",
  );
  if (hosts.length > 1) return "the request has more than one Host header";
  const [host] = hosts;
  if (host === undefined) return message.httpVersion === "1.1" ? "the request has no Host header" : undefined;
  return HOST.test(host) ? undefined : "the Host header is malformed";
}

/** Refuses requests whose Host header cannot be trusted to build URLs from. */
export function addHostCheck(app: FastifyInstance): void {
  app.addHook("onRequest", (request, _reply, done) => {
    const fault = hostFault(request.raw);
    done(fault === undefined ? undefined : badRequest(fault));
  });
}
