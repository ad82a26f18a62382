import { type IncomingMessage, type RequestListener, type Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** A connection whose request asks for a WebSocket; `head` is what the client sent behind it. */
export interface UpgradeConnection {
  readonly socket: Socket;
  readonly head: Buffer;
}

/**
 * Routes upgrade requests like all others. A route finds the connection with `connectionOf`, and either upgrades it or answers, after
 * which it is closed. Any other protocol (some clients offer h2c with every request) is served as a plain request.
 */
export class Upgrades {
  readonly #connections = new WeakMap<IncomingMessage, UpgradeConnection>();
  readonly #latest = new WeakMap<Socket, ServerResponse>();

  /** The connection of a request for a WebSocket; undefined: it is a plain request. */
  connectionOf(request: IncomingMessage): UpgradeConnection | undefined {
    return this.#connections.get(request);
  }

  /** Attaches to `server`; `isWebSocketPath` says which paths may be upgraded. */
  attach(server: Server, listener: RequestListener, isWebSocketPath: (url: string) => boolean): void {
    server.on("request", ({ socket }, response) => this.#latest.set(socket, response));
    server.on("upgrade", (request, socket: Socket, head) => {
      // Node took its own listener away.
      socket.on("error", () => socket.destroy());
      const wanted = request.method === "GET" && request.headers.upgrade?.toLowerCase() === "websocket";
      const serve = (): void => {
        if (socket.destroyed) return;
        if (!wanted || !isWebSocketPath(request.url ?? "")) servePlain(server, request, { socket, head });
        else this.#route(request, { socket, head }, listener);
      };
      // A request that was sent behind another waits for that one's answer.
      const before = this.#latest.get(socket);
      if (before === undefined || before.closed) serve();
      else before.once("close", serve);
    });
    // Node hangs up without an answer where nobody listens for this one; no path has it, so that it is answered as any other wrong method.
    server.on("connect", (request, socket: Socket) => {
      socket.on("error", () => socket.destroy());
      this.#answer(request, socket, listener);
    });
  }

  #route(request: IncomingMessage, connection: UpgradeConnection, listener: RequestListener): void {
    this.#connections.set(request, connection);
    this.#answer(request, connection.socket, listener);
  }

  /** Has a request answered whose connection Node has given up. */
  #answer(request: IncomingMessage, socket: Socket, listener: RequestListener): void {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once("finish", () => socket.end(() => socket.destroySoon()));
    listener(request, response);
  }
}

/** Puts the request back before the parser without its `Upgrade` header, which servers may ignore (RFC 9110, 7.8). */
function servePlain(server: Server, request: IncomingMessage, { socket, head }: UpgradeConnection): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
    const name = request.rawHeaders[at] ?? "";
    if (name.toLowerCase() !== "upgrade") lines.push(`${name}: ${request.rawHeaders[at + 1]}`);
  }
  socket.removeAllListeners("error");
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), head]));
  server.emit("encrypted" in socket ? "secureConnection" : "connection", socket);
}
