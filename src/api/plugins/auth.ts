import type { FastifyInstance } from "fastify";
import { secretCheck } from "../../lib/secret-check.js";
import { sendEmpty } from "../answers.js";

/** Whether a header's value is the token. */
export type TokenCheck = (header: string | string[] | undefined) => boolean;

/** Checks in constant time. Without token all may pass. */
export function tokenCheck(token: string): TokenCheck {
  if (token === "") return () => true;
  const isToken = secretCheck(token);
  // Node hands header bytes over as Latin-1.
  return (header) => typeof header === "string" && isToken(Buffer.from(header, "latin1"));
}

/** Every known path needs the token but those of routes that are `open` (rest-api.md, "Authentication"). */
export function addAuthentication(app: FastifyInstance, isAuthorized: TokenCheck): void {
  app.addHook("onRequest", (request, reply, done) => {
    const open = request.is404 || request.routeOptions.config.open === true;
    if (open || isAuthorized(request.headers["poseidon-token"])) done();
    else sendEmpty(reply, 401);
  });
}
