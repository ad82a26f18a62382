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
  readonly tty: boolean;
  /** Nomad's late look at the end, and the output it loses then. */
  readonly emulateTruncation: boolean;
  readonly faults: ExecFaults;
  readonly onClose: () => void;
}

/** Fault injection. */
export interface ExecFaults {
  /** Wait this long before each chunk of output, milliseconds. */
  readonly slowFrames: number;
  /** Never say `exited`. */
  readonly forgetExited: boolean;
  /** A session whose task is stopped says `exited` with 137; Nomad does either, by chance (contract suite). */
  readonly exitOnStop: boolean;
}

/** One exec session: a process's streams in frames over a WebSocket. The process lives on when the connection breaks. */
export class ExecSession {
  readonly #options: ExecSessionOptions;
  #closed = false;
  #paused = false;
  #inputBroken = false;
  #muted = false;
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

  /** The task ends: Nomad closes stderr and the connection, and mostly says nothing of an exit (recordings). */
  endWithTask(): void {
    if (this.#closed) return;
    const { webSocket, faults } = this.#options;
    if (faults.exitOnStop) webSocket.send(closeFrame("stdout"));
    webSocket.send(closeFrame("stderr"));
    if (faults.exitOnStop) webSocket.send(exitedFrame(137));
    this.#hangUp();
  }

  /** Breaks the connection (fault injection). */
  cut(): void {
    this.#options.socket.destroy();
    this.#release();
  }

  #input(data: RawData): void {
    const { process, webSocket, tty } = this.#options;
    if (this.#inputBroken) return;
    try {
      const input = parseInputFrame(String(data));
      if (input.size !== undefined) process.resize(input.size);
      if (input.data !== undefined && !process.write(input.data)) webSocket.pause();
      if (input.isEnd === true) {
        // On a TTY Docker does not end the input (byte 0x04 does) but loses all output from then on (contract suite).
        if (tty) this.#muted = true;
        else process.endInput();
      }
    } catch {
      // Nomad stops listening then, and says nothing.
      this.#inputBroken = true;
    }
  }

  #output(stream: "stdout" | "stderr", chunk: Buffer): void {
    if (this.#closed || this.#muted) return;
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
