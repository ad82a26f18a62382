import type { FastifyRequest } from "fastify";
import type { ApiOptions } from "../options.js";

const HOST = /^(\[[0-9a-fA-F:.%\w]+\]|[\w.-]+)(:\d+)?$/;

/** How the client reached the server: over TLS or not, and under which host (with port, as in a URL). */
export interface Reached {
  readonly secure: boolean;
  readonly host: string;
}

/** From the request itself, and behind a trusted proxy from what that says (rest-api.md, "websocketUrl"). */
export function forwarded(request: FastifyRequest, { tls, trustProxy }: ApiOptions): Reached {
  const { localAddress, localPort } = request.raw.socket;
  const own = { secure: tls !== undefined, host: request.headers.host ?? `${localAddress}:${localPort}` };
  if (!trustProxy) return own;
  const scheme = first(request.headers["x-forwarded-proto"])?.toLowerCase();
  const host = first(request.headers["x-forwarded-host"]);
  return {
    secure: scheme === undefined ? own.secure : scheme === "https" || scheme === "wss",
    host: host !== undefined && HOST.test(host) ? host : own.host,
  };
}

/** The first of several proxies' values is the one nearest to the client. */
function first(header: string | string[] | undefined): string | undefined {
  const value = [header].flat()[0]?.split(",", 1)[0]?.trim();
  return value === "" ? undefined : value;
}
