import { spawn } from "node:child_process";
import { closeSync, constants, fchmodSync, openSync } from "node:fs";

/** The two ends of an anonymous pipe, as descriptors of this process. Whoever takes a pipe closes both. */
export interface Pipe {
  /** Blocking, for reading. */
  readonly readable: number;
  /** Blocking, for writing. */
  readonly writable: number;
}

const BATCH = 24;
const LOW_WATER = 9;
const MAKER_TIMEOUT_MS = 10_000;

/**
 * Makes `$1` pipes and prints their descriptors, then waits until our side has opened them. A process substitution is the one way to an
 * anonymous pipe that keeps its descriptor in the shell.
 */
const MAKER = 'for ((i = 0; i < $1; i++)); do exec {fd}< <(:); printf "%d " "$fd"; done; echo; read -r _';

/**
 * A store of anonymous pipes. Node's own pipes are sockets: `/dev/stdin`, `/dev/stdout` and `/dev/stderr` could not be opened in the
 * child, and bash would take itself for a remote shell (lab notes on the sandbox). Named pipes do not serve either: opening
 * `/dev/stdin` after the writer closed would block for ever. So a short-lived bash makes pipes, and this process opens them through
 * `/proc`; nothing appears in a file system. Mode 0666, so that every user in a task may open them by path.
 */
export class PipePool {
  readonly #stock: number[] = [];
  #making: Promise<void> | undefined;
  #closed = false;

  /** Takes `count` pipes, waiting for new ones where the stock is out. Rejects when none can be made. */
  async take(count: number): Promise<readonly Pipe[]> {
    while (this.#stock.length < count) {
      if (this.#closed) throw new Error("the pipe pool is closed");
      await this.#make();
    }
    const taken = this.#stock.splice(0, count);
    if (this.#stock.length < LOW_WATER) this.#make().catch(() => undefined); // the next take reports it
    return taken.map(openEnds);
  }

  /** Fills the stock, so that the first `take` need not wait. */
  async fill(): Promise<void> {
    if (this.#stock.length < LOW_WATER) await this.#make();
  }

  /** Closes the pipes that nobody took. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#making?.catch(() => undefined);
    for (const fd of this.#stock.splice(0)) closeSync(fd);
  }

  #make(): Promise<void> {
    this.#making ??= makePipes(BATCH)
      .then((fds) => {
        this.#stock.push(...fds);
      })
      .finally(() => {
        this.#making = undefined;
      });
    return this.#making;
  }
}

/** Closes both ends of each pipe. */
export function closePipes(pipes: readonly Pipe[]): void {
  for (const pipe of pipes) {
    closeSync(pipe.readable);
    closeSync(pipe.writable);
  }
}

function openEnds(fd: number): Pipe {
  try {
    const readable = openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY);
    return { readable, writable: openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY) };
  } finally {
    closeSync(fd);
  }
}

/** Resolves with `count` descriptors, each open for reading and writing on a pipe of its own. */
async function makePipes(count: number): Promise<number[]> {
  const maker = spawn("/bin/bash", ["--norc", "-c", MAKER, "bash", String(count)], {
    cwd: "/",
    env: {},
    stdio: ["pipe", "pipe", "ignore"],
    detached: true,
    timeout: MAKER_TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  maker.stdin.on("error", () => undefined); // it may be gone already
  try {
    const numbers = await firstLine(maker.stdout, maker);
    const fds = numbers
      .trim()
      .split(" ")
      .map((fd) => openSync(`/proc/${maker.pid}/fd/${fd}`, constants.O_RDWR));
    for (const fd of fds) fchmodSync(fd, 0o666);
    return fds;
  } finally {
    maker.stdin.end();
    maker.stdout.destroy();
  }
}

function firstLine(stream: NodeJS.ReadableStream, maker: NodeJS.EventEmitter): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (text.includes("\n")) resolve(text);
    });
    maker.once("error", (error) => reject(new Error("no pipes could be made", { cause: error })));
    maker.once("exit", () => reject(new Error("no pipes could be made: bash ended early")));
  });
}
