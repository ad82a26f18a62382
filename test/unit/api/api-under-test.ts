import { connect, type Socket } from "node:net";
import { Agent, request } from "undici";
import { onTestFinished } from "vitest";
import WebSocket from "ws";
import type { ApiDependencies, ApiOptions, ServedRequest } from "../../../src/api/options.js";
import { type ApiServer, createApiServer } from "../../../src/api/server.js";
import type { LogFields, Logger } from "../../../src/telemetry/logger.js";
import { FakeEnvironments, FakeRunners } from "./fake-services.js";

const OPTIONS: ApiOptions = {
  address: "127.0.0.1",
  port: 0,
  token: "",
  bodyLimit: 1024 * 1024,
  bodyBudget: 2 * 1024 * 1024,
  trustProxy: false,
  version: "1.2.3",
  loggingFilterToken: "filter-me",
};

/** An answer as a client sees it. */
export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  json(): unknown;
}

/** A log line that was written. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** A server of the API over fakes, listening on a port of its own, and clients for it. */
export class ApiUnderTest {
  readonly environments = new FakeEnvironments();
  readonly runners = new FakeRunners();
  readonly lines: LogLine[] = [];
  readonly served: ServedRequest[] = [];
  readonly server: ApiServer;
  ready = true;
  port = 0;
  readonly #agent = new Agent({ connections: 20 });
  readonly #sockets: (Socket | WebSocket)[] = [];

  constructor(options: Partial<ApiOptions>, extra: Partial<ApiDependencies>) {
    this.server = createApiServer({
      environments: this.environments,
      runners: this.runners,
      options: { ...OPTIONS, ...options },
      state: { ready: () => this.ready },
      logger: this.#logger(),
      onServed: (request) => this.served.push(request),
      ...extra,
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** One request below the base path. */
  async call(
    method: string,
    path: string,
    options: { body?: string | Buffer; json?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const body = options.json === undefined ? options.body : JSON.stringify(options.json);
    const answer = await request(
      `${this.origin}${path.startsWith("//") ? path.slice(1) : `/api/v1${path}`}`,
      {
        method: method as "GET",
        dispatcher: this.#agent,
        headers: options.headers ?? {},
        ...(body === undefined ? {} : { body }),
      },
    );
    const text = await answer.body.text();
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text,
      json: () => JSON.parse(text),
    };
  }

  /** A bare connection to the server. */
  async connect(): Promise<Socket> {
    const socket = connect(this.port, "127.0.0.1");
    socket.on("error", () => undefined);
    this.#sockets.push(socket);
    await new Promise((resolve) => socket.once("connect", resolve));
    return socket;
  }

  /** Sends bytes as they are and returns all that comes until the server closes. */
  async raw(...parts: (string | Buffer)[]): Promise<string> {
    const socket = await this.connect();
    for (const part of parts) socket.write(part);
    return received(socket);
  }

  /** Opens a WebSocket; it collects its messages. */
  open(url: string, options: WebSocket.ClientOptions = {}): Client {
    const ws = new WebSocket(url, options);
    this.#sockets.push(ws);
    return new Client(ws);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) "terminate" in socket ? socket.terminate() : socket.destroy();
    await this.#agent.destroy();
    await this.server.close({ graceMs: 0 });
  }

  #logger(): Logger {
    const write =
      (level: string) =>
      (message: string, fields: LogFields = {}) => {
        this.lines.push({ level, message, fields });
      };
    const logger: Logger = {
      trace: write("trace"),
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
      child: () => logger,
    };
    return logger;
  }
}

/** A WebSocket client that keeps what it gets. */
export class Client {
  readonly ws: WebSocket;
  readonly messages: unknown[] = [];
  readonly opened: Promise<void>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #waiting: { count: number; resolve: () => void } | undefined;

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on("error", () => undefined);
    ws.on("message", (data, isBinary) => {
      this.messages.push(isBinary ? data : JSON.parse(String(data)));
      if (this.#waiting !== undefined && this.messages.length >= this.#waiting.count) this.#waiting.resolve();
    });
    this.opened = new Promise((resolve) => ws.once("open", resolve));
    this.closed = new Promise((resolve) => {
      ws.once("close", (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  /** Resolves once `count` messages have come in all. */
  async received(count: number): Promise<void> {
    if (this.messages.length >= count) return;
    await new Promise<void>((resolve) => {
      this.#waiting = { count, resolve };
    });
  }
}

/** All that comes over a connection until it ends. */
export function received(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk) => {
      text += chunk;
    });
    socket.once("close", () => resolve(text));
  });
}

/** Starts a server for one test; it is stopped at the test's end. */
export async function startApi(
  options: Partial<ApiOptions> = {},
  extra: Partial<ApiDependencies> = {},
): Promise<ApiUnderTest> {
  const api = new ApiUnderTest(options, extra);
  onTestFinished(() => api.stop());
  api.port = (await api.server.listen()).port;
  return api;
}
