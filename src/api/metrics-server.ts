import { createServer } from "node:http";
import { OpenSockets } from "./http/create-http-server.js";
import { type ListenAddress, Listeners } from "./http/listen.js";
import type { MetricsText } from "./options.js";

/** A listener for `/metrics` alone, without token (configuration.md, `server.metrics`). */
export interface MetricsServer {
  /** Starts to listen; rejects when the address cannot be taken. */
  listen(): Promise<ListenAddress>;
  /** Closes at once, with every connection. Idempotent. */
  close(): void;
}

/** Where the metrics are served, and where they come from. */
export interface MetricsServerOptions {
  readonly address: string;
  readonly port: number;
  readonly metrics: () => Promise<MetricsText>;
}

/** Makes the listener; nothing listens until `listen`. */
export function createMetricsServer({ address, port, metrics }: MetricsServerOptions): MetricsServer {
  const server = createServer((request, response) => {
    const [path] = (request.url ?? "").split("?", 1);
    if (path !== "/metrics") return response.writeHead(404, { "content-length": 0 }).end();
    if (request.method !== "GET") return response.writeHead(405, { allow: "GET", "content-length": 0 }).end();
    metrics().then(
      ({ contentType, body }) => response.writeHead(200, { "content-type": contentType }).end(body),
      () => response.writeHead(500, { "content-length": 0 }).end(),
    );
  });
  const sockets = new OpenSockets(server);
  const listeners = new Listeners(server);
  return {
    listen: () => listeners.open({ address, port }),
    close: () => {
      listeners.close();
      sockets.destroyAll();
    },
  };
}
