import { randomUUID } from "node:crypto";
import { deferred } from "../../lib/deferred.js";
import type { ExecEnd, ExecSession, Resident } from "../../nomad/exec.js";
import { ShellError } from "../errors.js";
import type { PlainContext } from "../plain/context.js";
import { lossReason } from "../plain/script-session.js";
import { rootShell, shellText } from "../shell-text.js";
import { WordScanner } from "./word-scanner.js";

const waitingText = shellText(import.meta.url, "words.sh", "become.sh", "waiting.sh");
const text = shellText(import.meta.url, "words.sh", "become.sh", "loop-pipes.sh", "reuse.sh", "terminal.sh");

/** How long a session may take to be ready, in ms. */
const readyTimeout = 30_000;

/** How long a loop may take to leave, in ms; then the connection is cut. */
const lingerTime = 2_000;

const startByte = Buffer.from([0x11]);

/** What a command hears of its terminal. */
export interface TerminalListener {
  onOutput(chunk: Buffer): void;
  onLost(reason: string): void;
  onDrain(): void;
}

/** What a terminal tells its owner. */
export interface TerminalOwner {
  readonly resident: Resident;
  /** Hands the loop's two pipes to the control loop; resolves with whether that has them. */
  connect(directory: string, unique: string): Promise<boolean>;
  /** It is over although nobody closed it. */
  onLost(reason: string): void;
  readonly signal: AbortSignal;
}

/** The terminal session of a warm runner (terminal.sh): runs one command after the other, as long as its loop finds it unspoilt. */
export class ResidentTerminal {
  readonly #owner: TerminalOwner;
  /** The unique part of its pipes' names, by which its loop is found, too. */
  readonly unique = randomUUID().replaceAll("-", "");
  readonly #ready = deferred();
  readonly #over = deferred();
  #session: ExecSession | undefined;
  #isReady = false;
  #words: WordScanner | undefined = new WordScanner(this.unique);
  #listener: TerminalListener | undefined;
  /** Settles when the loop has told whether it takes another command. */
  #settled: ((next: boolean) => void) | undefined;
  #closing = false;
  #linger: NodeJS.Timeout | undefined;

  private constructor(owner: TerminalOwner) {
    this.#owner = owner;
    this.#ready.promise.catch(() => undefined);
  }

  /** Opens a session and waits until its loop is ready. Rejects with a NomadError, or a ShellError: `unsupported` where no pipe can be made. */
  static async open(context: PlainContext, owner: TerminalOwner): Promise<ResidentTerminal> {
    const terminal = new ResidentTerminal(owner);
    terminal.#session = await context.opener.open(context.target(), {
      // As many arguments as a terminal's shell on the plain path has (plain/end.sh).
      command: rootShell(text, terminal.unique, waitingText, "resident", ""),
      tty: true,
      resident: owner.resident,
      handlers: {
        onStdout: (chunk) => terminal.#onStdout(chunk),
        onStderr: () => undefined,
        onEnd: (end) => terminal.#onEnd(end),
        onDrain: () => terminal.#listener?.onDrain(),
      },
      signal: owner.signal,
    });
    const giveUp = () => {
      terminal.#ready.reject(new ShellError("broken", "the terminal session did not become ready"));
      terminal.close();
    };
    const timer = setTimeout(giveUp, readyTimeout);
    owner.signal.addEventListener("abort", giveUp, { once: true });
    if (owner.signal.aborted) giveUp();
    try {
      await terminal.#ready.promise;
      return terminal;
    } finally {
      clearTimeout(timer);
      owner.signal.removeEventListener("abort", giveUp);
    }
  }

  /** Whether it is of no use any more. */
  get isOver(): boolean {
    return this.#closing;
  }

  /** Resolves when the session has ended, by itself or because it was closed. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** From now on what comes is the command's. */
  begin(listener: TerminalListener): void {
    this.#listener = listener;
  }

  /**
   * The command has ended: what comes is nobody's. Resolves with whether the loop takes another command; `chunk` is what held the end marker
   * with `nonce`, since the loop's word can stand right behind it.
   */
  end(nonce: string, chunk: Buffer): Promise<boolean> {
    this.#listener = undefined;
    this.#words = new WordScanner(nonce);
    return new Promise((resolve) => {
      this.#settled = resolve;
      this.#onStdout(chunk);
    });
  }

  /** No command came after `begin`. */
  cancel(): void {
    this.#listener = undefined;
  }

  write(data: Buffer): boolean {
    return this.#session?.write(data) ?? true;
  }

  pause(): void {
    if (!this.#closing) this.#session?.pause();
  }

  resume(): void {
    this.#session?.resume();
  }

  /** Waits until the loop has left, which the control loop lets it, and closes the connection then, or soon. Idempotent. */
  leave(): void {
    if (this.#closing) return;
    this.#release();
    // Whoever stopped the terminal's output stopped the loop's last words, too.
    this.#session?.write(startByte);
    this.#session?.resume();
    this.#linger = setTimeout(() => this.#session?.close(), lingerTime);
  }

  /** Cuts the connection. */
  close(): void {
    this.#release();
    this.#session?.close();
  }

  #onStdout(chunk: Buffer): void {
    if (this.#listener !== undefined) return this.#listener.onOutput(chunk);
    for (const word of this.#words?.push(chunk) ?? []) this.#onWord(word);
  }

  #onWord(word: string): void {
    const [name, directory = ""] = word.split(" ");
    if (this.#isReady) {
      this.#words = undefined;
      this.#settle(name === "next");
    } else if (name === "made") {
      void this.#connect(directory);
    } else if (name === "none") {
      this.#ready.reject(new ShellError("unsupported", "no writable /tmp or /dev/shm in the runner"));
      this.close();
    } else if (name === "ready") {
      this.#isReady = true;
      this.#words = undefined;
      this.#ready.resolve();
    }
  }

  async #connect(directory: string): Promise<void> {
    const known = directory === "/tmp" || directory === "/dev/shm";
    const connected = known && (await this.#owner.connect(directory, this.unique).catch(() => false));
    if (connected) return;
    this.#ready.reject(new ShellError("broken", "the terminal loop's pipes could not be opened"));
    this.close();
  }

  #settle(next: boolean): void {
    this.#settled?.(next);
    this.#settled = undefined;
  }

  #release(): void {
    this.#closing = true;
    this.#listener = undefined;
    this.#words = undefined;
    this.#settle(false);
  }

  #onEnd(end: ExecEnd): void {
    const closing = this.#closing;
    const listener = this.#listener;
    this.#release();
    clearTimeout(this.#linger);
    const reason = lossReason(end);
    this.#ready.reject(new ShellError("broken", `the terminal session ended: ${reason}`));
    this.#over.resolve();
    if (closing) return;
    listener?.onLost(reason);
    if (this.#isReady) this.#owner.onLost(reason);
  }
}
