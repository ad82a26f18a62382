import type { RawData, WebSocket } from "ws";
import type { ExecEnd, ExecHandlers, ExecSession } from "./exec.js";
import { ExecInput } from "./exec-input.js";
import { decodeExecOutput, type ExecOutput, FrameError, heartbeat } from "./frames.js";
import { oneLine } from "./words.js";

/** How long a closed session waits for Nomad's own close before the connection is cut, in ms. */
const closeGrace = 1_000;

/** An exec session over an open WebSocket (nomad.md, "Exec sessions"). `start` has to be called as soon as the socket is open. */
export class WebSocketExecSession implements ExecSession {
  readonly #socket: WebSocket;
  readonly #handlers: ExecHandlers;
  readonly #input: ExecInput;
  /** Messages that came although nothing may be handed over; never more than was read from the socket at once. */
  #held: Buffer[] = [];
  #started = false;
  #paused = false;
  #flowing = false;
  #ended = false;
  #broken: ExecEnd | undefined;
  #error: Error | undefined;
  #graceTimer: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, handlers: ExecHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#input = new ExecInput({
      sink: {
        send: (message, sent) => socket.send(message, (error) => error ?? sent()),
        get buffered() {
          return socket.bufferedAmount;
        },
      },
      onDrain: () => this.#handlers.onDrain?.(),
    });
  }

  /** Listens to the socket. Output is handed over from the next turn of the event loop on, when the opener has its session. */
  start(): void {
    this.#socket.on("message", (data) => this.#onMessage(data));
    this.#socket.on("error", (error) => {
      this.#error ??= error;
    });
    this.#socket.on("close", (_code, reason) => this.#onClose(reason));
    this.#socket.pause();
    setImmediate(() => {
      this.#started = true;
      this.#flow();
    });
  }

  write(data: Buffer): boolean {
    return this.#input.write(data);
  }

  endInput(): void {
    this.#input.end();
  }

  pause(): void {
    if (this.#ended) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#flow();
  }

  close(): void {
    if (this.#ended) return;
    this.#release();
    this.#socket.close(1000);
    // Reading on, to see Nomad's close; what still comes is dropped.
    this.#socket.resume();
    this.#graceTimer = setTimeout(() => this.#socket.terminate(), closeGrace);
    queueMicrotask(() => this.#handlers.onEnd({ kind: "closed" }));
  }

  /** Tells Nomad that we are there, so that nothing in between takes the connection for idle. */
  beat(): void {
    if (!this.#ended) this.#socket.send(heartbeat, ignore);
  }

  #onMessage(data: RawData): void {
    if (this.#ended) return;
    const message = Buffer.isBuffer(data)
      ? data
      : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)]);
    if (!this.#started || this.#paused || this.#held.length > 0) this.#held.push(message);
    else this.#handle(message);
  }

  #flow(): void {
    if (this.#flowing) return;
    this.#flowing = true;
    while (this.#mayHandOver) {
      const message = this.#held.shift();
      if (message === undefined) break;
      this.#handle(message);
    }
    this.#flowing = false;
    if (!this.#mayHandOver) return;
    if (this.#broken !== undefined) this.#finish(this.#broken);
    else this.#socket.resume();
  }

  get #mayHandOver(): boolean {
    return this.#started && !this.#paused && !this.#ended;
  }

  #handle(message: Buffer): void {
    let output: ExecOutput;
    try {
      output = decodeExecOutput(message);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#finish({ kind: "broken", reason: error.message });
      return;
    }
    if (output.stdout?.length) this.#handlers.onStdout(output.stdout);
    // A handler may have closed the session.
    if (output.stderr?.length && !this.#ended) this.#handlers.onStderr(output.stderr);
    if (output.exitCode !== undefined) this.#finish({ kind: "exited", exitCode: output.exitCode });
  }

  #onClose(reason: Buffer): void {
    clearTimeout(this.#graceTimer);
    this.#broken = { kind: "broken", reason: this.#reasonOf(reason) };
    // What was read before the connection ended is handed over first.
    if (this.#held.length === 0) this.#finish(this.#broken);
    else this.#flow();
  }

  #reasonOf(reason: Buffer): string {
    if (reason.length > 0) return oneLine(reason.toString("utf8"));
    if (this.#error === undefined) return "Nomad ended the connection before the process ended";
    const code = (this.#error as NodeJS.ErrnoException).code ?? this.#error.name;
    return `the connection to Nomad broke (${code})`;
  }

  #finish(end: ExecEnd): void {
    if (this.#ended) return;
    this.#release();
    // Nomad ends the connection behind `exited` without a close frame; there is nothing to wait for.
    this.#socket.terminate();
    this.#handlers.onEnd(end);
  }

  #release(): void {
    this.#ended = true;
    this.#held = [];
    this.#input.close();
  }
}

const ignore = (): void => undefined;
