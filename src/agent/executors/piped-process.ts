import type { ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { constants } from "node:os";
import type { ExecProcess } from "../executor.js";

/** Unsent input, in bytes, past which `write` asks its caller to wait (execution.md, back-pressure). */
const INPUT_BOUND = 256 * 1024;

/** Our ends of a process's streams, as descriptors that the PipedProcess closes. */
export interface ProcessStreams {
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number | undefined;
}

/** The exit code that a shell would show: 128 + signal for a killed process. */
export function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

/** An exec's process on pipes of our own (see PipePool). The streams belong to this object from now on. */
export class PipedProcess implements ExecProcess {
  onStdout: (chunk: Buffer) => void = discard;
  onStderr: (chunk: Buffer) => void = discard;
  onDrain: () => void = discard;
  readonly exited: Promise<number>;
  readonly drained: Promise<void>;
  readonly #stdin: Socket;
  readonly #outputs: readonly Socket[];
  readonly #tty: boolean;
  readonly #onResize: (size: { readonly height: number; readonly width: number }) => void;
  #detached = false;

  constructor(options: {
    readonly child: ChildProcess;
    readonly streams: ProcessStreams;
    readonly tty: boolean;
    readonly onResize: (size: { readonly height: number; readonly width: number }) => void;
  }) {
    const { child, streams } = options;
    this.#tty = options.tty;
    this.#onResize = options.onResize;
    this.#stdin = new Socket({ fd: streams.stdin, readable: false, writable: true });
    this.#stdin.on("error", discard); // the process closed its stdin: its input is lost, as in any pipe
    this.#stdin.on("drain", () => this.onDrain());
    this.#outputs = [
      reader(streams.stdout, (chunk) => this.onStdout(chunk)),
      ...(streams.stderr === undefined ? [] : [reader(streams.stderr, (chunk) => this.onStderr(chunk))]),
    ];
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve(exitCodeOf(code, signal)));
    });
    this.drained = Promise.all(this.#outputs.map(closed)).then(discard);
    this.exited.then(() => {
      this.#stdin.destroy();
      if (this.#detached) this.#closeOutputs();
    });
  }

  write(chunk: Buffer): boolean {
    // Nobody reads any more: the rest is dropped, nothing to wait for.
    if (this.#stdin.destroyed || this.#stdin.writableEnded) return true;
    this.#stdin.write(chunk);
    return this.#stdin.writableLength < INPUT_BOUND;
  }

  /** With a terminal nothing happens, as in Docker: end of file is a byte that the client sends. */
  endInput(): void {
    if (!this.#tty) this.#stdin.end();
  }

  resize(size: { readonly height: number; readonly width: number }): void {
    if (this.#tty) this.#onResize(size);
  }

  pause(): void {
    if (this.#detached) return;
    for (const output of this.#outputs) output.pause();
  }

  resume(): void {
    for (const output of this.#outputs) output.resume();
  }

  /**
   * The process must not notice: as Docker does, its input stays open and its output is read and dropped for as long as it lives.
   */
  detach(): void {
    this.#detached = true;
    this.onStdout = discard;
    this.onStderr = discard;
    this.onDrain = discard;
    this.resume();
    this.exited.then(() => this.#closeOutputs());
  }

  #closeOutputs(): void {
    for (const output of this.#outputs) output.destroy();
  }
}

function reader(fd: number, onData: (chunk: Buffer) => void): Socket {
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.on("error", discard); // a close follows
  socket.on("data", onData);
  return socket;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

function discard(): void {
  // Nobody listens.
}
