import type { Socket } from "node:net";
import { deferred } from "../../../lib/deferred.js";
import type { ExecProcess } from "../../executor.js";
import type { TerminalSize } from "../spawn-piped.js";
import { Demultiplexer } from "./demultiplexer.js";

/** Unsent input, in bytes, past which `write` asks its caller to wait (execution.md, back-pressure). */
const INPUT_BOUND = 256 * 1024;

/** A process of an exec on the connection that Docker handed over. */
export class DockerExecProcess implements ExecProcess {
  onStdout: (chunk: Buffer) => void = discard;
  onStderr: (chunk: Buffer) => void = discard;
  onDrain: () => void = discard;
  readonly exited: Promise<number>;
  readonly #drained = deferred();
  readonly drained = this.#drained.promise;
  readonly #socket: Socket;
  readonly #tty: boolean;
  readonly #onResize: (size: TerminalSize) => void;
  #inputEnded = false;
  /** Nobody wants output now. */
  #held = false;
  #detached = false;

  constructor(options: {
    readonly socket: Socket;
    /** What came before the connection was handed over. */
    readonly head: Buffer;
    readonly tty: boolean;
    readonly exited: Promise<number>;
    readonly onResize: (size: TerminalSize) => void;
  }) {
    const { socket, head, tty } = options;
    this.#socket = socket;
    this.#tty = tty;
    this.exited = options.exited;
    this.#onResize = options.onResize;
    const frames = new Demultiplexer((stream, payload) =>
      stream === "stdout" ? this.onStdout(payload) : this.onStderr(payload),
    );
    const read = (chunk: Buffer) => {
      if (this.#detached) return;
      if (tty) this.onStdout(chunk);
      else this.#demultiplex(frames, chunk);
    };
    socket.on("error", discard); // a close follows
    socket.once("close", () => this.#drained.resolve());
    socket.on("drain", () => this.onDrain());
    // Whoever started the process sets its callbacks first.
    setImmediate(() => {
      if (head.length > 0) read(head);
      socket.on("data", read);
      if (!this.#held) socket.resume();
    });
  }

  write(chunk: Buffer): boolean {
    const socket = this.#socket;
    // Nobody reads any more: the rest is dropped, nothing to wait for.
    if (this.#inputEnded || socket.destroyed || !socket.writable) return true;
    socket.write(chunk);
    return socket.writableLength < INPUT_BOUND;
  }

  /** With a terminal nothing happens: end of file is a byte that the client sends. */
  endInput(): void {
    if (this.#tty || this.#inputEnded) return;
    this.#inputEnded = true;
    this.#socket.end();
  }

  resize(size: TerminalSize): void {
    if (this.#tty) this.#onResize(size);
  }

  pause(): void {
    if (this.#detached) return;
    this.#held = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#held = false;
    this.#socket.resume();
  }

  /** The process must not notice: its input stays open, and its output is read and dropped for as long as it lives. */
  detach(): void {
    this.#detached = true;
    this.onStdout = discard;
    this.onStderr = discard;
    this.onDrain = discard;
    this.resume();
    void this.exited.then(() => this.#socket.destroy());
  }

  #demultiplex(frames: Demultiplexer, chunk: Buffer): void {
    try {
      frames.push(chunk);
    } catch {
      // Not Docker's format: what follows means nothing.
      this.#socket.destroy();
    }
  }
}

function discard(): void {
  // Nobody listens.
}
