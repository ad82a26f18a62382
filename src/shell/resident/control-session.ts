import { randomBytes } from "node:crypto";
import { deferred } from "../../lib/deferred.js";
import type { ExecEnd, ExecSession, Resident } from "../../nomad/exec.js";
import { ShellError } from "../errors.js";
import type { PlainContext } from "../plain/context.js";
import { lossReason } from "../plain/script-session.js";
import { rootShell, shellText } from "../shell-text.js";

const text = shellText(import.meta.url, "../remove-all.sh", "control.sh");
const reader = shellText(import.meta.url, "../plain/reader.sh", "reader-content.sh");

/** How long a session may take to be ready, in ms. */
const readyTimeout = 30_000;

/** How long a loop that was asked to leave may take, in ms; then the connection is cut. */
const lingerTime = 2_000;

/** Longest line that the loop answers, in bytes; anything longer is no answer. */
const longestLine = 64 * 1024;

const newline = 0x0a;
const nothing = Buffer.alloc(0);

/** What a control session tells its owner. */
export interface ControlHandlers {
  /** Stderr of the running execution. */
  onStderr(chunk: Buffer): void;
  /** It is over although nobody closed it. */
  onLost(reason: string): void;
  onDrain(): void;
}

/** A request under way. `onData` gets what comes and returns what is left behind its end, undefined while it has not ended. */
export interface ControlRequest {
  onData(chunk: Buffer): Buffer | undefined;
  onLost(reason: string): void;
}

interface Waiting {
  readonly bytes: readonly Buffer[];
  readonly request: ControlRequest;
}

/** The control session of a warm runner: one request after the other to its control loop (control.sh). */
export class ControlSession {
  /** What its loop is found by among the runner's processes. */
  readonly unique = randomBytes(16).toString("hex");
  readonly #secret = randomBytes(16).toString("hex");
  readonly #handlers: ControlHandlers;
  readonly #ready = deferred();
  readonly #over = deferred();
  #session: ExecSession | undefined;
  #isReady = false;
  #noise: Buffer = nothing;
  #current: ControlRequest | undefined;
  readonly #waiting: Waiting[] = [];
  #closing = false;
  #ended = false;
  #linger: NodeJS.Timeout | undefined;

  private constructor(handlers: ControlHandlers) {
    this.#handlers = handlers;
    this.#ready.promise.catch(() => undefined);
  }

  /** Opens a session and waits until its loop is ready. Rejects with a NomadError, or a ShellError: `unsupported` where the image lacks something. */
  static async open(
    context: PlainContext,
    options: {
      readonly resident: Resident;
      readonly handlers: ControlHandlers;
      readonly signal: AbortSignal;
    },
  ): Promise<ControlSession> {
    const control = new ControlSession(options.handlers);
    const session = await context.opener.open(context.target(), {
      command: rootShell(text, control.unique, reader),
      tty: false,
      resident: options.resident,
      handlers: {
        onStdout: (chunk) => control.#onStdout(chunk),
        onStderr: (chunk) => control.#isReady && !control.#closing && control.#handlers.onStderr(chunk),
        onEnd: (end) => control.#onEnd(end),
        onDrain: () => control.#handlers.onDrain(),
      },
      signal: options.signal,
    });
    control.#session = session;
    session.write(Buffer.from(`${control.#secret}\n`));
    const giveUp = () => {
      control.#ready.reject(new ShellError("broken", "the control session did not become ready"));
      control.leave();
    };
    const timer = setTimeout(giveUp, readyTimeout);
    options.signal.addEventListener("abort", giveUp, { once: true });
    if (options.signal.aborted) giveUp();
    try {
      await control.#ready.promise;
      return control;
    } finally {
      clearTimeout(timer);
      options.signal.removeEventListener("abort", giveUp);
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

  /** Sends a request, once those before it have ended. `words` hold no space and no NUL; `payload` is what the loop counts. */
  request(words: readonly string[], payload: readonly Buffer[], request: ControlRequest): void {
    if (this.#ended || this.#closing) {
      queueMicrotask(() => request.onLost("the control session is over"));
      return;
    }
    const head = Buffer.from(`${[this.#secret, ...words].join(" ")}\0`, "latin1");
    this.#waiting.push({ bytes: [head, ...payload], request });
    this.#pump();
  }

  /** Sends a request that is answered by one line. Rejects with a ShellError when the session ends before. */
  ask(words: readonly string[], payload: readonly Buffer[] = []): Promise<string> {
    return new Promise((resolve, reject) => {
      let line: Buffer = nothing;
      this.request(words, payload, {
        onData: (chunk) => {
          line = Buffer.concat([line, chunk]);
          // The line end of a marker can come late.
          if (line[0] === newline) line = line.subarray(1);
          const end = line.indexOf(newline);
          if (end === -1) return line.length > longestLine ? nothing : undefined;
          resolve(line.toString("latin1", 0, end));
          return line.subarray(end + 1);
        },
        onLost: (reason) => reject(new ShellError("broken", reason)),
      });
    });
  }

  /** Shows the loop that the server lives. */
  alive(): void {
    // Behind counted bytes of a request that runs this would be taken for a part of them, if they were not all there.
    if (this.#isReady && this.#current === undefined) this.#session?.write(Buffer.from(`${this.#secret} \0`));
  }

  pause(): void {
    if (!this.#closing) this.#session?.pause();
  }

  resume(): void {
    this.#session?.resume();
  }

  /** Asks the loop to leave, and closes the connection once it has, or soon. Idempotent. */
  leave(): void {
    if (this.#closing || this.#ended) return;
    this.#closing = true;
    this.#session?.resume();
    this.#session?.write(Buffer.from(`${this.#secret} leave\0`));
    this.#linger = setTimeout(() => this.close(), lingerTime);
    this.#fail("the control session was closed");
  }

  /** Takes the session for broken: its loop does not do what it should. */
  fail(reason: string): void {
    if (this.#closing) return;
    this.close();
    this.#fail(reason);
    this.#handlers.onLost(reason);
  }

  /** Cuts the connection. */
  close(): void {
    this.#closing = true;
    this.#session?.close();
  }

  #pump(): void {
    if (this.#current !== undefined) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#current = next.request;
    this.#session?.write(next.bytes.length === 1 ? (next.bytes[0] ?? nothing) : Buffer.concat(next.bytes));
  }

  #onStdout(chunk: Buffer): void {
    if (this.#closing) return;
    let rest: Buffer | undefined = this.#isReady ? chunk : this.#becomeReady(chunk);
    // What comes without a request is nobody's.
    while (rest !== undefined && rest.length > 0 && this.#current !== undefined) {
      rest = this.#current.onData(rest);
      if (rest === undefined) return;
      this.#current = undefined;
    }
    this.#pump();
  }

  #becomeReady(chunk: Buffer): Buffer | undefined {
    const noise = Buffer.concat([this.#noise, chunk]);
    const line = /^(?:.*\n)??(ready|lacks) (\S+)\n/s.exec(noise.toString("latin1"));
    if (line === null) {
      this.#noise = Buffer.from(noise.subarray(Math.max(0, noise.length - longestLine)));
      return undefined;
    }
    this.#noise = nothing;
    if (line[1] === "lacks") {
      this.#ready.reject(new ShellError("unsupported", `the runner's image has no ${line[2]}`));
      this.leave();
      return undefined;
    }
    this.#isReady = true;
    this.#ready.resolve();
    return noise.subarray(line[0].length);
  }

  #onEnd(end: ExecEnd): void {
    const closing = this.#closing;
    this.#ended = true;
    this.#closing = true;
    clearTimeout(this.#linger);
    const reason = lossReason(end);
    this.#ready.reject(new ShellError("broken", `the control session ended: ${reason}`));
    this.#over.resolve();
    if (closing) return;
    this.#fail(reason);
    if (this.#isReady) this.#handlers.onLost(reason);
  }

  #fail(reason: string): void {
    const requests = this.#waiting.splice(0).map(({ request }) => request);
    if (this.#current !== undefined) requests.unshift(this.#current);
    this.#current = undefined;
    for (const request of requests) request.onLost(reason);
  }
}
