import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { ExecEndpoint } from "../exec/exec-endpoint.js";
import { parseExecRequest } from "../exec/exec-request.js";
import { faultRoute } from "../faults/fault-route.js";
import type { AgentContext } from "./context.js";
import { type EventStream, openEventStream } from "./event-stream.js";
import { guardRequest } from "./guard.js";
import { HttpError } from "./http-error.js";
import { type AgentAnswer, parseRequest } from "./request.js";
import { route } from "./router.js";

const NOT_A_WEBSOCKET =
  "Bad Request\nfailed to upgrade connection: websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header";

/** The agent's HTTP server. */
export class AgentServer {
  readonly #context: AgentContext;
  readonly #exec: ExecEndpoint;
  readonly #streams = new Set<EventStream>();
  readonly #sockets = new Set<Duplex>();
  #server: Server | undefined;

  constructor(context: AgentContext) {
    this.#context = context;
    this.#exec = new ExecEndpoint(context);
  }

  /** The open event streams (fault injection tears them). */
  get streams(): ReadonlySet<EventStream> {
    return this.#streams;
  }

  /** Listens; resolves with the port. Rejects when the address is taken. */
  listen(port: number): Promise<number> {
    const server = createServer((raw, response) => void this.#handle(raw, response));
    // Go's server keeps idle connections for ever, and clients rely on it.
    server.keepAliveTimeout = 0;
    server.on("upgrade", (raw, socket, head) => this.#upgrade(raw, socket, head));
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, this.#context.settings.address, () => {
        server.removeListener("error", reject);
        const address = server.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  /** Stops listening and cuts every connection. Idempotent. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #handle(raw: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      guardRequest(raw.headers, this.#context.settings.token);
      const request = parseRequest(raw);
      const { faults } = this.#context;
      if (faults !== undefined && request.path === "/v1/faults") {
        send(response, await faultRoute(faults, request));
        return;
      }
      if (faults !== undefined && (await faults.beforeRequest(request, response)) === "handled") return;
      if (request.path === "/v1/event/stream") {
        if (request.method !== "GET") throw new HttpError(405, "Invalid method");
        const stream = openEventStream(this.#context, request, response);
        this.#streams.add(stream);
        response.on("close", () => this.#streams.delete(stream));
        return;
      }
      if (request.path.startsWith("/v1/client/")) {
        parseExecRequest(request);
        throw new HttpError(400, NOT_A_WEBSOCKET);
      }
      const answer = await route(this.#context, request);
      if (faults !== undefined && (await faults.beforeAnswer(request, answer, response)) === "handled")
        return;
      send(response, answer);
    } catch (error) {
      this.#fail(response, error);
    }
  }

  #upgrade(raw: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    try {
      guardRequest(raw.headers, this.#context.settings.token);
      const request = parseExecRequest(parseRequest(raw));
      this.#exec.upgrade(request, raw, { socket, head });
    } catch (error) {
      const known = error instanceof HttpError ? error : new HttpError(500, "internal error");
      const text = Buffer.from(known.message);
      socket.end(
        `HTTP/1.1 ${known.status} Refused\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${known.message}`,
      );
    }
  }

  #fail(response: ServerResponse, error: unknown): void {
    if (!(error instanceof HttpError)) {
      this.#context.settings.logger.error("request to the embedded agent failed", { error });
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const known = error instanceof HttpError ? error : new HttpError(500, "internal error");
    const headers: Record<string, string> = { "Content-Type": "text/plain; charset=utf-8" };
    if (known.index !== undefined) Object.assign(headers, readHeaders(known.index));
    response.writeHead(known.status, headers).end(known.message);
  }
}

function send(response: ServerResponse, answer: AgentAnswer): void {
  const body = Buffer.from(JSON.stringify(answer.body));
  const headers: Record<string, string | number> = {
    "Content-Type": "application/json",
    "Content-Length": body.length,
  };
  if (answer.index !== undefined) headers["X-Nomad-Index"] = String(answer.index);
  if (answer.index !== undefined && answer.isRead === true) Object.assign(headers, readHeaders(answer.index));
  if (answer.nextToken !== undefined) headers["X-Nomad-NextToken"] = answer.nextToken;
  response.writeHead(answer.status ?? 200, headers).end(body);
}

function readHeaders(index: number): Record<string, string> {
  return { "X-Nomad-Index": String(index), "X-Nomad-KnownLeader": "true", "X-Nomad-LastContact": "0" };
}
