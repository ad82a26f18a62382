import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { Endpoint } from "../../../src/nomad/endpoint.js";
import type { NomadTlsFiles } from "../../../src/nomad/options.js";
import { NomadTransport } from "../../../src/nomad/transport.js";

/** A request that came in, its body read. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Answer =
  | { status?: number; body?: unknown; headers?: Record<string, string> }
  | "hang"
  | "reset"
  | undefined;

/** A little HTTP and WebSocket server in Nomad's place: says what a test tells it to, faults included. */
export class FakeNomad {
  readonly seen: Seen[] = [];
  readonly sockets = new Set<Socket>();
  /** Connections accepted so far. */
  connections = 0;
  readonly #http: Server;
  readonly #ws = new WebSocketServer({ noServer: true });
  answer: (request: Seen, response: ServerResponse) => Answer | Promise<Answer> = () => ({
    status: 404,
    body: "not told",
  });
  /** Takes an upgrade; return true to refuse it by hand. */
  onUpgrade: (request: IncomingMessage, socket: Socket) => boolean = () => false;
  onSession: (socket: WebSocket, request: IncomingMessage) => void = () => undefined;
  onConnection: (socket: Socket) => void = () => undefined;

  /** With `tls` it speaks https. */
  constructor(options: { readonly tls?: ServerOptions } = {}) {
    const handle = (request: IncomingMessage, response: ServerResponse) =>
      void this.#handle(request, response);
    this.#http = options.tls ? createTlsServer(options.tls, handle) : createServer(handle);
    this.#http.on("tlsClientError", () => undefined);
    this.#http.on("connection", (socket: Socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
      socket.on("error", () => undefined);
      this.onConnection(socket);
    });
    this.#http.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
      if (this.onUpgrade(request, socket)) return;
      this.#ws.handleUpgrade(request, socket, head, (ws) => {
        ws.on("error", () => undefined);
        this.onSession(ws, request);
      });
    });
  }

  async start(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#http.listen(port, "127.0.0.1", resolve));
    return this;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  get endpoint(): Endpoint {
    return { host: "127.0.0.1", port: (this.#http.address() as AddressInfo).port };
  }

  /** A started transport to this server. */
  async transport(
    options: { token?: string; connections?: number; tls?: NomadTlsFiles } = {},
  ): Promise<NomadTransport> {
    const transport = new NomadTransport({
      address: this.endpoint.host,
      port: this.endpoint.port,
      namespace: "default",
      connections: options.connections ?? 0,
      ...(options.token !== undefined && { token: options.token }),
      ...(options.tls !== undefined && { tls: options.tls }),
    });
    await transport.start();
    return transport;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? "/", "http://nomad");
    const seen: Seen = {
      method: request.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString("utf8"),
    };
    this.seen.push(seen);
    const answer = await this.answer(seen, response);
    if (answer === undefined || answer === "hang") return;
    if (answer === "reset") {
      request.socket.resetAndDestroy();
      return;
    }
    const text =
      typeof answer.body === "string" && (answer.status ?? 200) >= 400
        ? answer.body
        : JSON.stringify(answer.body);
    response.writeHead(answer.status ?? 200, answer.headers).end(text);
  }
}
