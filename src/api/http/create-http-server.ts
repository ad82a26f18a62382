import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { TlsOptions } from "node:tls";
import { atMost } from "../../lib/at-most.js";
import type { ApiOptions } from "../options.js";
import { answerClientErrors } from "./client-errors.js";

/** Headers must arrive within this time, ms; bodies have the same time of their own (body-reader.ts). */
const HEADERS_MS = 15_000;
/** Clients pool connections and do not send a POST again that met a closed one (rest-api.md), so idle ones live long. ms. */
const KEEP_ALIVE_MS = 60_000;

const OPTIONS: ServerOptions = {
  headersTimeout: HEADERS_MS,
  // Bodies are timed where they are read, since waiting for room does not count.
  requestTimeout: 0,
  keepAliveTimeout: KEEP_ALIVE_MS,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 32 * 1024,
  // Answered as JSON by a hook.
  requireHostHeader: false,
  noDelay: true,
};

/** The HTTP or HTTPS server under the API, not yet listening, with its time limits. */
export function createHttpServer(listener: RequestListener, tls: ApiOptions["tls"]): Server {
  const server =
    tls === undefined
      ? createServer(OPTIONS, listener)
      : createTlsServer({ ...OPTIONS, ...secureOptions(tls) }, listener);
  // An expectation that Node does not know is ignored like any unknown header.
  server.on("checkExpectation", listener);
  answerClientErrors(server);
  return server;
}

/** What a TLS server is told of its certificate. Node takes the oldest version for its default wherever it is left out. */
export function secureOptions(tls: NonNullable<ApiOptions["tls"]>): TlsOptions {
  const { cert, key, minVersion } = tls;
  return { ...(cert && { cert }), ...(key && { key }), minVersion: `TLSv${minVersion}` };
}

/** The connections of a server, upgraded ones too, which Node itself forgets. */
export class OpenSockets {
  readonly #sockets = new Set<Socket>();
  #onNone: (() => void) | undefined;

  constructor(server: Server) {
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        if (this.#sockets.size === 0) this.#onNone?.();
      });
    });
  }

  get count(): number {
    return this.#sockets.size;
  }

  /** Resolves when no connection is open, or after `ms`. */
  async gone(ms: number): Promise<void> {
    if (this.#sockets.size === 0 || ms <= 0) return;
    await atMost(ms, new Promise<void>((resolve) => (this.#onNone = resolve)));
    this.#onNone = undefined;
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
