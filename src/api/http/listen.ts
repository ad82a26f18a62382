import { once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, createServer, Server as NetServer } from "node:net";
import type { ApiOptions } from "../options.js";

/** Where a server listens. */
export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

/** The listening sockets of one HTTP server: one by address and port, or those that were passed to the process. */
export class Listeners {
  readonly #server: Server;
  readonly #others: NetServer[] = [];

  constructor(server: Server) {
    this.#server = server;
  }

  /** Listens; rejects when the address cannot be taken. */
  async open({
    address,
    port,
    sockets = [],
  }: Pick<ApiOptions, "address" | "port" | "sockets">): Promise<ListenAddress> {
    const [first, ...rest] = sockets;
    const host = address.replace(/^\[(.*)\]$/, "$1");
    await listening(
      this.#server,
      first === undefined ? { port, ...(host === "" ? {} : { host }) } : { fd: first },
    );
    for (const fd of rest) {
      // Connections of a further socket are served as if they had come through the first.
      const other = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
        this.#server.emit("connection", socket),
      );
      this.#others.push(other);
      await listening(other, { fd });
    }
    const bound = this.#server.address() as AddressInfo | string | null;
    if (bound === null || typeof bound === "string") return { address: bound ?? "", port: 0 };
    return { address: bound.address, port: bound.port };
  }

  /** Accepts no more connections. Those that are open, idle ones too, stay: their next answer tells the client to go. */
  close(): void {
    for (const server of [this.#server, ...this.#others]) NetServer.prototype.close.call(server);
  }
}

async function listening(
  server: NetServer,
  where: { port: number; host?: string } | { fd: number },
): Promise<void> {
  server.listen({ ...where, backlog: 4096 });
  await once(server, "listening");
}
