import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { Service } from "../../../../src/cli/context.js";
import type { Config } from "../../../../src/config/schema.js";

/** What the fake saw and what its program does. */
export interface FakeServer {
  readonly requests: string[];
  readonly copied: { path: string; content: string }[];
  readonly typed: string[];
  readonly configs: Config[];
  stopped: boolean;
  createApp(config: Config): Promise<Service>;
}

/** A server that answers as the API does (rest-api.md), for one runner. `run` is the program: it talks by the WebSocket's messages. */
export function fakeServer(run: (socket: WebSocket, typed: string[]) => void, missing = ""): FakeServer {
  let command = "";
  /** How often the server is not ready yet. */
  let unready = 2;
  const listing = (name: string, modificationTime: number) => ({
    name,
    entryType: "-",
    size: 6,
    modificationTime,
    permissions: "rw-r--r--",
    owner: "user",
    group: "user",
  });

  const answer = (route: string, body: string): [number, unknown?] => {
    if (route === "GET /execution-environments") return unready-- > 0 ? [500] : [200, {}];
    if (route.startsWith("PUT ")) return [201];
    if (route === "GET /statistics/execution-environments")
      return [
        200,
        { 10: { id: 10, prewarmingPoolSize: 2, idleRunners: 1, usedRunners: 0, startingRunners: 1 } },
      ];
    if (route === "POST /runners") return [200, { runnerId: "10-r", mappedPorts: [] }];
    if (route === "PATCH /runners/10-r/files") {
      for (const { path, content } of JSON.parse(body).copy)
        server.copied.push({ path, content: Buffer.from(content, "base64").toString() });
      return [204];
    }
    if (route === "POST /runners/10-r/execute") {
      command = JSON.parse(body).command;
      return [200, { websocketUrl: `ws://127.0.0.1:${port()}/api/v1/runners/10-r/websocket?executionID=1` }];
    }
    if (route === "GET /runners/10-r/files?path=./&recursive=true")
      return [200, { files: [listing("./hello.sh", 0), listing("./out.txt", 1_700_000_000)] }];
    if (route === "GET /runners/10-r/files/raw?path=.%2Fout.txt") return [200, "bytes\n"];
    return [404];
  };

  const http = createServer((request, response) => {
    const config = server.configs[0];
    const route = `${request.method} ${request.url?.replace("/api/v1", "")}`;
    server.requests.push(route);
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const known = request.headers["poseidon-token"] === config?.server.token;
      const [status, value] = known ? answer(route, body) : [401];
      response.statusCode = status;
      response.end(typeof value === "string" || value === undefined ? value : JSON.stringify(value));
    });
  });
  const sockets = new WebSocketServer({ server: http });
  sockets.on("connection", (socket) => {
    const send = (message: object) => socket.send(JSON.stringify(message));
    send({ type: "start" });
    if (command.startsWith("for t in")) {
      if (missing !== "") send({ type: "stdout", data: `missing:${missing}\r\n` });
      send({ type: "exit", data: 0 });
      socket.close(1000);
      return;
    }
    socket.on("message", (data) => server.typed.push(String(data)));
    run(socket, server.typed);
  });
  const port = () => (http.address() as AddressInfo).port;

  const server: FakeServer = {
    requests: [],
    copied: [],
    typed: [],
    configs: [],
    stopped: false,
    createApp: async (config) => {
      server.configs.push(config);
      return {
        start: () =>
          new Promise((resolve) =>
            http.listen(0, "127.0.0.1", () => resolve({ address: "127.0.0.1", port: port() })),
          ),
        stop: () =>
          new Promise((resolve) => {
            server.stopped = true;
            for (const socket of sockets.clients) socket.terminate();
            http.closeAllConnections();
            http.close(() => resolve());
          }),
      };
    },
  };
  return server;
}
