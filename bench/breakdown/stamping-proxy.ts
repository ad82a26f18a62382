import { createServer, request as forward, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { NomadTarget } from "../target/server.js";

/** When bytes of exec sessions passed, in the clock of `performance.now`. */
export interface Stamps {
  readonly toNomad: number[];
  readonly fromNomad: number[];
}

/**
 * Stands between a server and its Nomad and notes when bytes of exec sessions pass. Nodes cannot be looked up through it, so that the server
 * has to send its sessions this way too; on one machine it is the same process behind either address.
 */
export class StampingProxy {
  readonly #nomad: NomadTarget;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #stamps: Stamps = { toNomad: [], fromNomad: [] };

  constructor(nomad: NomadTarget) {
    this.#nomad = nomad;
    this.#server = createServer((request, response) => {
      if (request.url?.startsWith("/v1/node/")) return void response.writeHead(403).end("Permission denied");
      const { method, headers, url: path } = request;
      const passed = forward({ host: nomad.host, port: nomad.port, method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      passed.on("error", () => response.destroy());
      response.on("close", () => passed.destroy());
      request.pipe(passed);
    });
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket as Socket, head));
    this.#server.on("connection", (socket) => this.#keep(socket));
  }

  /** Listens on a free port; where servers find their Nomad. */
  async start(): Promise<NomadTarget> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return { ...this.#nomad, host: "127.0.0.1", port: (this.#server.address() as AddressInfo).port };
  }

  /** The stamps since the last call. */
  take(): Stamps {
    const stamps = this.#stamps;
    this.#stamps = { toNomad: [], fromNomad: [] };
    return stamps;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const nomad = this.#keep(connect(this.#nomad.port, this.#nomad.host));
    nomad.setNoDelay();
    socket.setNoDelay();
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let index = 0; index < request.rawHeaders.length; index += 2) {
      lines.push(`${request.rawHeaders[index]}: ${request.rawHeaders[index + 1]}`);
    }
    this.#stamps.toNomad.push(performance.now());
    nomad.write(`${lines.join("\r\n")}\r\n\r\n`);
    nomad.write(head);
    socket.on("data", () => this.#stamps.toNomad.push(performance.now()));
    nomad.on("data", () => this.#stamps.fromNomad.push(performance.now()));
    socket.pipe(nomad).pipe(socket);
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
    return socket;
  }
}
