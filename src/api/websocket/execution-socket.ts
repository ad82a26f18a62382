import type { Socket } from "node:net";
import type { RawData, WebSocket } from "ws";
import type {
  ExecutionListener,
  ExecutionOutcome,
  LiveExecution,
  OutputStream,
} from "../../runner/handle.js";
import type { Heartbeat, Pulse } from "./heartbeat.js";
import { FAILED, outcomeMessage, START_MESSAGE } from "./messages.js";
import { OutputDecoder } from "./output-decoder.js";

/** Bytes unsent to the client past which no more output is taken (execution.md). */
const UNSENT_LIMIT = 1024 * 1024;
/** Bytes unsent that still go out together with the end of the connection. */
const BACKLOG = 64 * 1024;
/** How long the peer may take to answer a close, ms. */
const CLOSE_GRACE_MS = 5_000;

/** Close codes of RFC 6455. */
const NORMAL = 1000;
const GOING_AWAY = 1001;

/** What a connection is made of. */
export interface ExecutionSocketOptions {
  readonly ws: WebSocket;
  /** The connection under the WebSocket. */
  readonly socket: Socket;
  readonly heartbeat: Heartbeat;
}

/** One client's connection to its one execution: the WebSocket protocol of execution.md. */
export class ExecutionSocket implements ExecutionListener, Pulse {
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #heartbeat: Heartbeat;
  readonly #output = new OutputDecoder();
  #execution: LiveExecution | undefined;
  /** The last message was sent, or nobody is there to get it. */
  #over = false;
  #gathering = false;
  #outputPaused = false;
  #inputPaused = false;
  #grace: NodeJS.Timeout | undefined;

  constructor({ ws, socket, heartbeat }: ExecutionSocketOptions) {
    this.#ws = ws;
    this.#socket = socket;
    this.#heartbeat = heartbeat;
  }

  /** Attaches all listeners at once, before anything can arrive, and starts the execution; `open` gives undefined when there is none. */
  start(open: (listener: ExecutionListener) => LiveExecution | undefined): void {
    const gone = (): void => this.#gone();
    this.#ws.on("message", (data) => this.#input(data));
    this.#ws.on("pong", () => this.#heartbeat.heard(this));
    this.#ws.on("error", gone);
    this.#ws.once("close", () => this.#closed());
    // A peer that said goodbye is gone, however long its connection stays half open.
    this.#socket.once("end", gone);
    this.#socket.once("finish", gone);
    this.#heartbeat.add(this);
    this.#ws.send(START_MESSAGE);
    const execution = open(this);
    if (execution === undefined) return this.onEnd(FAILED);
    if (this.#over) return;
    this.#execution = execution;
  }

  onOutput(stream: OutputStream, chunk: Buffer): void {
    if (this.#over) return;
    this.#output.add(stream, chunk);
    this.#gather();
  }

  onEnd(outcome: ExecutionOutcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#gather();
    this.#output.end();
    this.#flush();
    const backlog = this.#ws.bufferedAmount > BACKLOG;
    this.#ws.send(outcomeMessage(outcome), backlog ? () => this.#close(NORMAL) : () => undefined);
    // Behind a backlog the close waits: a peer gets the grace time to answer it once it could have read all.
    if (!backlog) this.#close(NORMAL);
  }

  onDrain(): void {
    if (!this.#inputPaused) return;
    this.#inputPaused = false;
    this.#ws.resume();
  }

  ping(): void {
    this.#ws.ping();
  }

  deaf(): boolean {
    return this.#inputPaused;
  }

  onGone(): void {
    this.#gone();
    this.#ws.terminate();
  }

  /** The server stops: the command is ended, the client told to go (1001). */
  stop(): void {
    this.#leave();
    this.#close(GOING_AWAY);
  }

  /** Ends the connection whatever the peer does. */
  terminate(): void {
    this.#leave();
    this.#ws.terminate();
  }

  #input(data: RawData): void {
    if (this.#over || !Buffer.isBuffer(data) || data.length === 0) return;
    if (this.#execution?.write(data) !== false || this.#inputPaused) return;
    this.#inputPaused = true;
    this.#ws.pause();
  }

  /** What comes in one turn goes out as one write, and nothing waits longer than that. */
  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#gathering = false;
      this.#flush();
      this.#socket.uncork();
    });
  }

  #flush(): void {
    for (const message of this.#output.take()) this.#ws.send(message, () => this.#sent());
    if (!this.#outputPaused && !this.#over && this.#ws.bufferedAmount > UNSENT_LIMIT) {
      this.#outputPaused = true;
      this.#execution?.pause();
    }
  }

  #sent(): void {
    if (!this.#outputPaused || this.#ws.bufferedAmount > UNSENT_LIMIT / 2) return;
    this.#outputPaused = false;
    if (!this.#over) this.#execution?.resume();
  }

  #close(code: number): void {
    if (this.#inputPaused) {
      // The peer's answer is to be read.
      this.#inputPaused = false;
      this.#ws.resume();
    }
    this.#ws.close(code);
    this.#grace ??= setTimeout(() => this.#ws.terminate(), CLOSE_GRACE_MS).unref();
  }

  /** The client cannot be reached any more. */
  #gone(): void {
    this.#leave();
    this.#grace ??= setTimeout(() => this.#ws.terminate(), CLOSE_GRACE_MS).unref();
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#execution?.detach();
  }

  #closed(): void {
    this.#leave();
    this.#heartbeat.remove(this);
    clearTimeout(this.#grace);
  }
}
