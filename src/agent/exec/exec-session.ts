import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import type { ExecProcess } from "../executor.js";
import { closeFrame, exitedFrame, outputFrames, parseInputFrame } from "./frames.js";

/** Past this much unsent output the process is paused, 1 MiB (agent.md: back-pressure). */
const HIGH_WATER = 1_048_576;
/** Nomad looks this often whether an exec has ended, milliseconds (nomad.md, measured). */
const POLL_INTERVAL = 100;

export interface ExecSessionOptions {
  readonly process: ExecProcess;
  readonly webSocket: WebSocket;
  /** The connection under the WebSocket: Nomad ends it without a close frame. */
  readonly socket: Duplex;
  /** Nomad's late look at the end, and the output it loses then. */
  readonly emulateTruncation: boolean;
  /** Fault injection: wait this long before each chunk of output, milliseconds; never say `exited`. */
  readonly faults: { readonly slowFrames: number; readonly forgetExited: boolean };
  readonly onClose: () => void;
}

/** One exec session: a process's streams in frames over a WebSocket. The process lives on when the connection breaks. */
export class ExecSession {
  readonly #options: ExecSessionOptions;
  #closed = false;
  #paused = false;
  #outputBytes = 0;
  #lastSend: Promise<void> = Promise.resolve();

  constructor(options: ExecSessionOptions) {
    this.#options = options;
  }

  start(): void {
    const { process, webSocket, socket } = this.#options;
    process.onStdout = (chunk) => this.#output("stdout", chunk);
    process.onStderr = (chunk) => this.#output("stderr", chunk);
    process.onDrain = () => webSocket.resume();
    webSocket.on("message", (data) => this.#input(data));
    webSocket.on("close", () => this.#release());
    webSocket.on("error", () => this.#release());
    socket.on("drain", () => this.#resume());
    void this.#finish();
  }

  /** The task ends: Nomad closes stderr and the connection, and says nothing of an exit (recordings). */
  endWithTask(): void {
    if (this.#closed) return;
    this.#options.webSocket.send(closeFrame("stderr"));
    this.#hangUp();
  }

  /** Breaks the connection (fault injection). */
  cut(): void {
    this.#options.socket.destroy();
    this.#release();
  }

  #input(data: RawData): void {
    const { process, webSocket } = this.#options;
    try {
      const input = parseInputFrame(String(data));
      if (input.size !== undefined) process.resize(input.size);
      if (input.data !== undefined && !process.write(input.data)) webSocket.pause();
      if (input.isEnd === true) process.endInput();
    } catch (error) {
      webSocket.close(1011, error instanceof Error ? error.message.slice(0, 120) : "invalid frame");
    }
  }

  #output(stream: "stdout" | "stderr", chunk: Buffer): void {
    if (this.#closed) return;
    this.#outputBytes += chunk.length;
    const { slowFrames } = this.#options.faults;
    if (slowFrames === 0) {
      this.#send(stream, chunk);
      return;
    }
    this.#lastSend = this.#lastSend.then(() => delay(slowFrames)).then(() => this.#send(stream, chunk));
  }

  #send(stream: "stdout" | "stderr", chunk: Buffer): void {
    if (this.#closed) return;
    const { webSocket, socket, process } = this.#options;
    socket.cork();
    for (const frame of outputFrames(stream, chunk)) webSocket.send(frame);
    socket.uncork();
    if (!this.#paused && socket.writableLength > HIGH_WATER) {
      this.#paused = true;
      process.pause();
    }
  }

  #resume(): void {
    if (!this.#paused || this.#closed) return;
    this.#paused = false;
    this.#options.process.resume();
  }

  /** Waits for the process's end and, unless Nomad's losses are wanted, for all of its output. */
  async #finish(): Promise<void> {
    const { process, emulateTruncation, faults, webSocket } = this.#options;
    const started = performance.now();
    const exitCode = await process.exited;
    if (emulateTruncation) {
      const since = performance.now() - started;
      await delay(POLL_INTERVAL - (since % POLL_INTERVAL));
    } else {
      await this.#drained();
      await this.#lastSend;
    }
    if (this.#closed) return;
    webSocket.send(closeFrame("stdout"));
    webSocket.send(closeFrame("stderr"));
    if (!faults.forgetExited) {
      webSocket.send(exitedFrame(exitCode));
      this.#hangUp();
    }
  }

  /** Resolves when the output has ended, or when a daemon holds it open and has said nothing for one interval. */
  async #drained(): Promise<void> {
    const { process } = this.#options;
    let isDrained = false;
    const drained = process.drained.then(() => {
      isDrained = true;
    });
    while (!isDrained && !this.#closed) {
      const before = this.#outputBytes;
      const timeout = cancellableDelay(POLL_INTERVAL);
      await Promise.race([drained, timeout.done]);
      timeout.cancel();
      if (!isDrained && this.#outputBytes === before && !this.#paused) return;
    }
  }

  #hangUp(): void {
    const { socket } = this.#options;
    // Half-closing flushes what was sent; a client that never closes its side is cut off.
    socket.end();
    const timer = setTimeout(() => socket.destroy(), 1_000);
    socket.once("close", () => clearTimeout(timer));
    this.#release();
  }

  #release(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.process.detach();
    this.#options.onClose();
  }
}

function delay(milliseconds: number): Promise<void> {
  return cancellableDelay(milliseconds).done;
}

function cancellableDelay(milliseconds: number): { readonly done: Promise<void>; cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  const done = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  return { done, cancel: () => clearTimeout(timer) };
}
