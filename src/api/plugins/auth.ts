import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { sendEmpty } from "../answers.js";

/** Whether a header's value is the token. */
export type TokenCheck = (header: string | string[] | undefined) => boolean;

const digest = (bytes: Buffer): Buffer => createHash("sha256").update(bytes).digest();

/** Checks in constant time: digests are compared, so that the time tells neither content nor length. Without token all may pass. */
export function tokenCheck(token: string): TokenCheck {
  if (token === "") return () => true;
  const expected = digest(Buffer.from(token, "utf8"));
  // Node hands header bytes over as Latin-1.
  return (header) =>
    typeof header === "string" && timingSafeEqual(digest(Buffer.from(header, "latin1")), expected);
}

/** Every known path needs the token but those of routes that are `open` (rest-api.md, "Authentication"). */
export function addAuthentication(app: FastifyInstance, isAuthorized: TokenCheck): void {
  app.addHook("onRequest", (request, reply, done) => {
    const open = request.is404 || request.routeOptions.config.open === true;
    if (open || isAuthorized(request.headers["poseidon-token"])) done();
    else sendEmpty(reply, 401);
  });
}
