import type { Server } from "node:https";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { createBareApp } from "./bare-app.js";
import { BodyBudget } from "./body/body-budget.js";
import { createHttpServer, OpenSockets, secureOptions } from "./http/create-http-server.js";
import { type ListenAddress, Listeners } from "./http/listen.js";
import { Upgrades } from "./http/upgrades.js";
import type { ApiDependencies, ServerCertificate } from "./options.js";
import { RequestsUnderWay } from "./plugins/requests-under-way.js";
import { addRoutes } from "./routes/index.js";
import { isWebSocketUrl } from "./routes/paths.js";
import { ExecutionSockets } from "./websocket/execution-sockets.js";

/** How long clients may take to answer the end of their WebSockets at a stop, ms. */
const GOODBYE_MS = 1_000;

/** How long connections without a request stay at a stop, ms, so that busy clients learn by an answer that they have to connect anew. */
const LINGER_MS = 500;

/** The HTTP and WebSocket API (rest-api.md, execution.md). */
export interface ApiServer {
  /** Starts to listen; rejects when the address cannot be taken. */
  listen(): Promise<ListenAddress>;
  /** The server is about to stop: health says so, and answers carry `connection: close`. Requests are still served. Idempotent. */
  beginStop(): void;
  /**
   * Accepts no more connections, waits up to `graceMs` for the requests and executions under way, then ends them (WebSockets with 1001).
   * Resolves within `graceMs` and a second, whatever the peers do. Idempotent.
   */
  close(options: { readonly graceMs: number }): Promise<void>;
  /** Takes another certificate for connections to come. Without TLS: nothing. */
  setCertificate(certificate: ServerCertificate): void;
  /** Requests, WebSockets included, that have no whole answer yet. */
  readonly requestsUnderWay: number;
  /** WebSockets of executions that are open. */
  readonly openExecutions: number;
}

/** Puts the API together; nothing listens until `listen`. */
export function createApiServer(dependencies: ApiDependencies): ApiServer {
  const { options, logger, onServed } = dependencies;
  let stopping = false;
  const upgrades = new Upgrades();
  const sockets = new ExecutionSockets();
  const { loggingFilterToken } = options;
  const underWay = new RequestsUnderWay({ logger, loggingFilterToken, onServed });
  const app = createBareApp(dependencies, {
    createServer: (listener) => {
      const server = createHttpServer(listener, options.tls);
      upgrades.attach(server, listener, isWebSocketUrl);
      return server;
    },
    underWay,
    stopping: () => stopping,
  });
  const connections = new OpenSockets(app.server);
  const listeners = new Listeners(app.server);
  const context = { ...dependencies, budget: new BodyBudget(options.bodyBudget), stopping: () => stopping };
  addRoutes(app, context, { upgrades, sockets });

  let closing: Promise<void> | undefined;
  const close = async (graceMs: number): Promise<void> => {
    stopping = true;
    listeners.close();
    const end = performance.now() + graceMs;
    await idleOrLate(underWay, graceMs);
    // Clients use idle connections for a POST that they would not send again: its answer tells them to go.
    await connections.gone(Math.min(LINGER_MS, end - performance.now()));
    // A busy process sees first that the time is over, and then what came meanwhile.
    await setImmediate();
    await idleOrLate(underWay, Math.max(0, end - performance.now()));
    sockets.stop();
    await idleOrLate(underWay, GOODBYE_MS);
    sockets.terminate();
    connections.destroyAll();
    // Ends the server's own look at its connections.
    app.server.close();
    await app.close();
  };

  return {
    listen: async () => {
      await app.ready();
      return listeners.open(options);
    },
    beginStop: () => {
      stopping = true;
    },
    close: ({ graceMs }) => {
      closing ??= close(graceMs);
      return closing;
    },
    setCertificate: (certificate) => {
      const { tls } = options;
      if (tls === undefined) return;
      (app.server as unknown as Server).setSecureContext(secureOptions({ ...tls, ...certificate }));
    },
    get requestsUnderWay() {
      return underWay.count;
    },
    get openExecutions() {
      return sockets.count;
    },
  };
}

/** Resolves when no request is under way, or after `ms`. */
async function idleOrLate(underWay: RequestsUnderWay, ms: number): Promise<void> {
  const late = new AbortController();
  let forget = (): void => undefined;
  const idle = new Promise<void>((resolve) => {
    forget = underWay.onceIdle(resolve);
  });
  await Promise.race([idle, sleep(ms, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
  forget();
}
