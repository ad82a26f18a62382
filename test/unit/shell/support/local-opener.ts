import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { NomadError } from "../../../../src/nomad/errors.js";
import type {
  ExecEnd,
  ExecOpener,
  ExecOptions,
  ExecSession,
  ExecTarget,
} from "../../../../src/nomad/exec.js";
import { shellQuote } from "../../../../src/shell/quote.js";
import type { Sandbox } from "./sandbox.js";

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** A session that was opened, for tests that look at it. */
export interface OpenedSession {
  readonly command: readonly string[];
  readonly tty: boolean;
  /** Everything its process wrote, unlike what was handed over. */
  readonly written: Buffer[];
  readonly input: Buffer[];
  /** Writes to its process's stdin. */
  write(data: Buffer): boolean;
  /** Breaks the connection; the process goes on. */
  cut(): void;
}

/**
 * Runs exec sessions in a sandbox, with what makes Nomad dangerous: output arrives late, and what is still under way when the process
 * ends is lost (nomad.md). Closing leaves the process alone.
 */
export class LocalOpener implements ExecOpener {
  readonly #sandbox: Sandbox;
  readonly opened: OpenedSession[] = [];
  /** How many of the next sessions end at once with exit code 0, as Nomad does when Docker is slow. */
  earlyEnds = 0;
  /** How many of the next sessions cannot be opened, since Nomad is away. */
  refusals = 0;
  variables: readonly string[] = [];

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  async open(_target: ExecTarget, options: ExecOptions): Promise<ExecSession> {
    if (this.refusals > 0) {
      this.refusals--;
      throw new NomadError("unreachable", "Nomad cannot be reached");
    }
    const command = options.tty ? inTerminal(options.command) : options.command;
    const [program = "", ...parameters] = this.#sandbox.enter(command, this.variables);
    const child = spawn(program, parameters, { stdio: ["pipe", "pipe", "pipe"], env: {} });
    const session = new LocalSession(child, options);
    this.opened.push(session);
    if (this.earlyEnds > 0) {
      this.earlyEnds--;
      setImmediate(() => session.endEarly());
    }
    return session;
  }
}

function inTerminal(command: readonly string[]): string[] {
  const line = `exec ${command.map(shellQuote).join(" ")}`;
  const variables = ["TERM=xterm", "SHELL=/bin/bash"];
  return ["/opt/tools/env", ...variables, "/opt/tools/script", "-qefE", "always", "-c", line, "/dev/null"];
}

class LocalSession implements ExecSession, OpenedSession {
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly written: Buffer[] = [];
  readonly input: Buffer[] = [];
  readonly #child: Child;
  readonly #options: ExecOptions;
  #late: (() => void)[] = [];
  #paused = false;
  #ended = false;

  constructor(child: Child, options: ExecOptions) {
    this.command = options.command;
    this.tty = options.tty;
    this.#child = child;
    this.#options = options;
    const { handlers } = options;
    child.stdout.on("data", (chunk: Buffer) => this.#arrive(chunk, () => handlers.onStdout(chunk)));
    child.stderr.on("data", (chunk: Buffer) => this.#arrive(chunk, () => handlers.onStderr(chunk)));
    child.stdin.on("drain", () => handlers.onDrain?.());
    child.stdin.on("error", () => undefined);
    child.on("exit", (code) => this.#finish({ kind: "exited", exitCode: code ?? 255 }));
  }

  write(data: Buffer): boolean {
    this.input.push(data);
    return this.#child.stdin.write(data);
  }

  endInput(): void {
    this.#child.stdin.end();
  }

  pause(): void {
    this.#paused = true;
    this.#child.stdout.pause();
    this.#child.stderr.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#child.stdout.resume();
    this.#child.stderr.resume();
    this.#deliver();
  }

  close(): void {
    queueMicrotask(() => this.#finish({ kind: "closed" }));
  }

  cut(): void {
    this.#finish({ kind: "broken", reason: "cut" });
  }

  endEarly(): void {
    this.#child.stdin.end();
    this.#finish({ kind: "exited", exitCode: 0 });
  }

  #arrive(chunk: Buffer, handOver: () => void): void {
    this.written.push(chunk);
    this.#late.push(handOver);
    setTimeout(() => this.#deliver(), 2);
  }

  #deliver(): void {
    while (!this.#paused && !this.#ended) {
      const handOver = this.#late.shift();
      if (handOver === undefined) return;
      handOver();
    }
  }

  #finish(end: ExecEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.handlers.onEnd(end);
  }
}
