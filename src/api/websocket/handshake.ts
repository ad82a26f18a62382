import type { FastifyRequest } from "fastify";
import { ApiError, badRequest } from "../errors.js";
import { forwarded } from "../http/forwarded.js";
import type { UpgradeConnection } from "../http/upgrades.js";
import type { ApiOptions } from "../options.js";

const KEY = /^[+/0-9A-Za-z]{22}==$/;

/**
 * Checks that a request is a WebSocket handshake that may be answered, and returns its connection. Throws 400 or 403 (rest-api.md,
 * "Runners").
 */
export function checkHandshake(
  request: FastifyRequest,
  connection: UpgradeConnection | undefined,
  options: ApiOptions,
): UpgradeConnection {
  const { "sec-websocket-version": version, "sec-websocket-key": key } = request.headers;
  if (connection === undefined || version !== "13" || typeof key !== "string" || !KEY.test(key)) {
    throw badRequest("a WebSocket handshake (version 13) was expected");
  }
  const { origin } = request.headers;
  if (origin !== undefined && origin !== "" && !isSameHost(origin, forwarded(request, options).host)) {
    throw new ApiError(403, "the Origin header names another host");
  }
  return connection;
}

/** Whether an origin is of this host; the port counts, and may be left out where it is the scheme's own. */
export function isSameHost(origin: string, host: string): boolean {
  try {
    const from = new URL(origin);
    return from.host !== "" && from.host === new URL(`${from.protocol}//${host}`).host;
  } catch {
    return false;
  }
}
