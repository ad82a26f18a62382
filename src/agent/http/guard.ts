import type { IncomingHttpHeaders } from "node:http";
import { secretCheck } from "../../lib/secret-check.js";
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
  if (typeof given !== "string" || !secretCheck(token)(given)) throw new HttpError(403, "Permission denied");
}

function bearer(authorization: string | undefined): string | undefined {
  return /^Bearer (.+)$/i.exec(authorization ?? "")?.[1];
}
