import type { WebSocket } from "ws";
import { withDeadline } from "../lib/with-deadline.js";
import type { Logger } from "../telemetry/logger.js";
import { ANSWER_MS } from "./answer-time.js";
import type { NomadClient } from "./client.js";
import type { ConnectionSlot } from "./connection-limiter.js";
import type { ConnectionLimiters } from "./connection-limiters.js";
import { authorityOf, type Endpoint } from "./endpoint.js";
import { isNomadError, NomadError } from "./errors.js";
import type { ExecOpener, ExecOptions, ExecSession, ExecTarget } from "./exec.js";
import { connectExec, DroppedError, type ExecTls } from "./exec-connect.js";
import { ExecHeartbeat } from "./exec-heartbeat.js";
import { execPath } from "./exec-path.js";
import { WebSocketExecSession } from "./exec-session.js";
import { NodeAddresses } from "./node-addresses.js";
import { checkNodeIdentity } from "./tls.js";
import { TlsSessions } from "./tls-sessions.js";
import { connectTimeout, type NomadTransport } from "./transport.js";

/** Of which a node may take this much until it is tried over the server. */
const directTimeout = 2_000;

const heartbeatInterval = 10_000;

/** What exec sessions are opened with. */
export interface NomadExecOpenerOptions {
  readonly transport: NomadTransport;
  readonly client: NomadClient;
  readonly limiters: ConnectionLimiters;
  readonly logger: Logger;
}

interface Way {
  readonly endpoint: Endpoint;
  readonly tls: ExecTls | undefined;
}

type Peer = "node" | "server";

/**
 * Opens exec sessions at Nomad: one handshake at the node's own address, or over the server where that does not work. Rejects with
 * a NomadError in time (ANSWER_MS). An allocation that Nomad does not know ends the open session as `broken`, with Nomad's words.
 */
export class NomadExecOpener implements ExecOpener {
  readonly #options: NomadExecOpenerOptions;
  readonly #nodes: NodeAddresses;
  readonly #heartbeat = new ExecHeartbeat({ interval: heartbeatInterval });
  readonly #tlsSessions = new TlsSessions();
  readonly #sessions = new Set<WebSocketExecSession>();
  #stopped = false;

  constructor(options: NomadExecOpenerOptions) {
    const { transport, client, logger } = options;
    this.#options = options;
    this.#nodes = new NodeAddresses({ client, server: transport.endpoint, secure: transport.secure, logger });
  }

  async open(target: ExecTarget, options: ExecOptions): Promise<ExecSession> {
    const over = performance.now() + ANSWER_MS;
    const node = await this.#nodes.addressOf(target.nodeId);
    if (node !== undefined) {
      const soon = Math.min(over, performance.now() + directTimeout);
      try {
        return await this.#openAt(this.#wayTo(node, "node"), target, options, soon);
      } catch (error) {
        if (!isNomadError(error, "unreachable", "no-room")) throw error;
        // A dropped connection can be the node's limit of connections, which passes.
        const lasting = error.code === "unreachable" && !(error.cause instanceof DroppedError);
        if (lasting) this.#nodes.failed(target.nodeId);
        this.#options.logger.debug("a node is not reached at its own address", {
          node_id: target.nodeId,
          error,
        });
      }
    }
    const { endpoint } = this.#options.transport;
    try {
      return await this.#openAt(this.#wayTo(endpoint, "server"), target, options, over);
    } catch (error) {
      throw await this.#explain(error);
    }
  }

  /** Closes all sessions; idempotent. None is opened any more. */
  stop(): void {
    this.#stopped = true;
    for (const session of this.#sessions) session.close();
  }

  #wayTo(endpoint: Endpoint, peer: Peer): Way {
    const { secure, tls: material } = this.#options.transport;
    if (!secure) return { endpoint, tls: undefined };
    // What was checked as a node is not taken for a server.
    const name = `${peer} ${authorityOf(endpoint)}`;
    const tls: ExecTls = {
      ...this.#tlsSessions.optionsFor(material, name),
      ...(peer === "node" && { checkServerIdentity: checkNodeIdentity }),
      onSocket: (socket) => this.#tlsSessions.watch(material, name, socket),
    };
    return { endpoint, tls };
  }

  async #openAt(way: Way, target: ExecTarget, options: ExecOptions, over: number): Promise<ExecSession> {
    const { limiters, transport } = this.#options;
    const { resident, signal } = options;
    const slot = await limiters
      .at(way.endpoint)
      .acquire({ resident, signal, wait: over - performance.now() });
    try {
      return await withDeadline(
        Math.max(1, over - performance.now()),
        (deadline) =>
          connectExec(
            {
              ...way,
              path: execPath(target, options, transport.options.namespace),
              headers: transport.headers,
              connectTimeout,
              signal: deadline,
            },
            (socket) => this.#adopt(new WebSocketExecSession(socket, options.handlers), socket, slot),
          ),
        { signal },
      );
    } catch (error) {
      slot.release();
      throw error;
    }
  }

  #adopt(session: WebSocketExecSession, socket: WebSocket, slot: ConnectionSlot): ExecSession {
    if (this.#stopped) {
      socket.terminate();
      throw new NomadError("aborted", "the server stops");
    }
    this.#sessions.add(session);
    this.#heartbeat.add(session);
    socket.once("close", () => {
      this.#sessions.delete(session);
      this.#heartbeat.remove(session);
      slot.release();
    });
    session.start();
    return session;
  }

  /**
   * Past its limit of connections Nomad drops new ones without a word, as it does when it goes down. Whether it still answers over a
   * connection that is open tells which.
   */
  async #explain(error: unknown): Promise<unknown> {
    if (!(error instanceof NomadError && error.cause instanceof DroppedError)) return error;
    try {
      await withDeadline(connectTimeout, (signal) => this.#options.client.leader({ signal }));
    } catch {
      return error;
    }
    const message =
      "Nomad drops connections: most likely its limit per client is reached (http_max_conns_per_client)";
    return new NomadError("no-room", message, { cause: error });
  }
}
