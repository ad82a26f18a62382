import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { HttpError } from "./http-error.js";

const LOOPBACK_HOSTS = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * The agent runs commands, so every request is checked (agent.md): no page of a browser may speak to it (`Origin`), nor a name that
 * was pointed at loopback (`Host`), nor anybody without the token.
 * @throws HttpError 403
 */
export function guardRequest(headers: IncomingHttpHeaders, token: string): void {
  if (headers.origin !== undefined) throw new HttpError(403, "Permission denied: browsers are not served");
  const host = (headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
  if (!LOOPBACK_HOSTS.has(host)) throw new HttpError(403, "Permission denied: foreign host");
  const given = headers["x-nomad-token"] ?? bearer(headers.authorization);
  if (typeof given !== "string" || !isSame(given, token)) throw new HttpError(403, "Permission denied");
}

function bearer(authorization: string | undefined): string | undefined {
  return /^Bearer (.+)$/i.exec(authorization ?? "")?.[1];
}

/** Compares without telling by its time where they differ. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
