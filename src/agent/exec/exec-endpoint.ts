import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { AgentContext } from "../http/context.js";
import { type ExecRequest, findExecTask } from "./exec-request.js";
import { type ExecFaults, ExecSession } from "./exec-session.js";

const NO_FAULTS: ExecFaults = { slowFrames: 0, forgetExited: false, exitOnStop: false };

/** `GET /v1/client/allocation/:id/exec` as a WebSocket. */
export class ExecEndpoint {
  readonly #context: AgentContext;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: 16_777_216,
  });

  constructor(context: AgentContext) {
    this.#context = context;
  }

  /** Takes the connection over. Nomad upgrades first and refuses then. */
  upgrade(request: ExecRequest, raw: IncomingMessage, connection: { socket: Duplex; head: Buffer }): void {
    const { socket, head } = connection;
    this.#server.handleUpgrade(raw, socket, head, (webSocket) => {
      // Input waits until the process is there.
      webSocket.pause();
      webSocket.on("error", () => webSocket.terminate());
      void this.#open(request, webSocket, socket);
    });
  }

  async #open(request: ExecRequest, webSocket: WebSocket, socket: Duplex): Promise<void> {
    const { sessions, settings, faults } = this.#context;
    const task = findExecTask(this.#context, request);
    if ("reason" in task) {
      this.#refuse(webSocket, task.code, task.reason);
      return;
    }
    try {
      const process = await task.exec({ command: request.command, tty: request.tty });
      const session = new ExecSession({
        process,
        webSocket,
        socket,
        tty: request.tty,
        emulateTruncation: settings.emulateExecTruncation,
        faults: faults?.exec ?? NO_FAULTS,
        onClose: () => sessions.delete(request.allocationId, session),
      });
      sessions.add(request.allocationId, session);
      session.start();
      webSocket.resume();
    } catch (error) {
      this.#refuse(webSocket, 1011, error instanceof Error ? error.message : String(error));
    }
  }

  #refuse(webSocket: WebSocket, code: number, reason: string): void {
    // A reason is at most 123 bytes.
    webSocket.close(code, Buffer.from(reason).subarray(0, 123));
    webSocket.resume();
  }
}
