import type { IncomingMessage } from "node:http";
import { WebSocketServer } from "ws";
import type { ExecutionListener, LiveExecution } from "../../runner/handle.js";
import type { UpgradeConnection } from "../http/upgrades.js";
import { REQUEST_ID_HEADER } from "../plugins/request-id.js";
import { ExecutionSocket } from "./execution-socket.js";
import { Heartbeat } from "./heartbeat.js";

/** Bytes of one client message; a longer one closes the connection with 1009 (execution.md). */
const MAX_MESSAGE = 1024 * 1024;

/** All open connections of executions. */
export class ExecutionSockets {
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: false,
    // Input is bytes, whatever kind of message carries it.
    skipUTF8Validation: true,
  });
  readonly #heartbeat = new Heartbeat();
  readonly #open = new Set<ExecutionSocket>();

  get count(): number {
    return this.#open.size;
  }

  /**
   * Upgrades a connection whose handshake was checked, and starts the execution that `open` takes off the list; nothing is taken when
   * the connection broke meanwhile.
   */
  upgrade(
    request: IncomingMessage,
    connection: UpgradeConnection,
    options: {
      readonly requestId: string;
      readonly open: (listener: ExecutionListener) => LiveExecution | undefined;
    },
  ): void {
    const { socket, head } = connection;
    // No subprotocol is ever chosen, so what was asked for need not be looked at.
    delete request.headers["sec-websocket-protocol"];
    // Its answer and the first message go out together, and behind the command's own way to the runner, which is longer.
    socket.cork();
    setImmediate(() => socket.uncork());
    this.#server.once("headers", (lines) => lines.push(`${REQUEST_ID_HEADER}: ${options.requestId}`));
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      const connected = new ExecutionSocket({ ws, socket, heartbeat: this.#heartbeat });
      this.#open.add(connected);
      ws.once("close", () => this.#open.delete(connected));
      connected.start(options.open);
    });
    this.#server.removeAllListeners("headers");
  }

  /** Ends every execution's command and tells its client to go (1001). */
  stop(): void {
    for (const socket of this.#open) socket.stop();
  }

  /** Cuts what is left. */
  terminate(): void {
    for (const socket of this.#open) socket.terminate();
  }
}
