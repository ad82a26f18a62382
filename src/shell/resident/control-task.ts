import { LongTimer } from "../../lib/long-timer.js";
import { MarkerScanner } from "../marker.js";
import type { TaskHandlers, TaskWork } from "../plain/file-task.js";
import type { ControlRequest, ControlSession } from "./control-session.js";
import type { Operation } from "./operation.js";

/** How long a job may go on once nobody wants it any more, in ms. */
const graceTime = 1_000;

/** How long a job may show no progress until somebody looks, in ms. */
const stallTime = 5_000;

const newline = 0x0a;
const nothing = Buffer.alloc(0);

/** What a task needs of its runner. */
export interface ControlTaskOptions {
  readonly nonce: string;
  readonly handlers: TaskHandlers;
  /** False: what comes is taken however slow its reader is. */
  readonly mayPause: boolean;
  /** Ends the job with this process number, at once or only where it does nothing. Resolves with whether it was ended. */
  readonly endJob: (job: string, options: { readonly onlyIdle: boolean }) => Promise<boolean>;
  readonly operation: Operation;
}

/** One file operation as a job of the control loop. */
export class ControlTask implements ControlRequest, TaskWork {
  readonly #control: ControlSession;
  readonly #options: ControlTaskOptions;
  readonly #scanner: MarkerScanner;
  readonly #watch = new LongTimer(() => this.#look());
  #head: Buffer | undefined = nothing;
  #job = "";
  #dropped = false;
  #over = false;
  #paused = false;
  #stalled = false;
  #lost = false;

  constructor(options: ControlTaskOptions) {
    this.#control = options.operation.control;
    this.#options = options;
    this.#scanner = new MarkerScanner({ nonce: options.nonce, exitCode: true });
  }

  /** Sends the request. */
  start(words: readonly string[], payload: readonly Buffer[]): void {
    this.#watch.restart(stallTime);
    this.#control.request(words, payload, this);
  }

  /** The control session broke under it, and not because the job was ended. */
  get lost(): boolean {
    return this.#lost && !this.#stalled;
  }

  /** Everything was sent with the request. */
  write(): boolean {
    return true;
  }

  pause(): void {
    if (this.#over || this.#dropped || !this.#options.mayPause) return;
    this.#paused = true;
    this.#watch.cancel();
    this.#control.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#watch.restart(stallTime);
    this.#control.resume();
  }

  end(): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#options.operation.end();
    this.resume();
    if (!this.#over) this.#watch.restart(graceTime);
  }

  onData(chunk: Buffer): Buffer | undefined {
    if (!this.#dropped) this.#watch.restart(stallTime);
    const body = this.#head === undefined ? chunk : this.#readHead(this.#head, chunk);
    if (body.length === 0) return undefined;
    const { data, marker } = this.#scanner.push(body);
    if (data.length > 0 && !this.#dropped) this.#options.handlers.onData(data);
    if (marker === undefined) return undefined;
    this.#finish();
    if (!this.#dropped) this.#options.handlers.onEnd({ kind: "done", exitCode: marker.exitCode });
    return nothing;
  }

  onLost(reason: string): void {
    this.#lost = true;
    this.#finish();
    if (!this.#dropped) this.#options.handlers.onEnd({ kind: "lost", reason });
  }

  #readHead(head: Buffer, chunk: Buffer): Buffer {
    let text = Buffer.concat([head, chunk]);
    // The line end of the marker before can come late.
    if (text[0] === newline) text = text.subarray(1);
    const end = text.indexOf(newline);
    this.#head = end === -1 ? text : undefined;
    if (end === -1) return nothing;
    this.#job = /^job (\d{1,10})$/.exec(text.toString("latin1", 0, end))?.[1] ?? "";
    return text.subarray(end + 1);
  }

  #finish(): void {
    if (this.#over) return;
    this.resume();
    this.#over = true;
    this.#watch.cancel();
    this.#options.operation.release();
  }

  #look(): void {
    if (this.#over) return;
    if (this.#job === "") {
      // Not even the loop's own answer came: it cannot fork, or is stopped.
      this.#control.fail("the control loop does not answer");
      return;
    }
    void this.#endJob();
  }

  async #endJob(): Promise<void> {
    try {
      this.#stalled = await this.#options.endJob(this.#job, { onlyIdle: !this.#dropped });
    } catch {
      // No session could be opened: somebody looks again.
    }
    if (!this.#over) this.#watch.restart(stallTime);
  }
}
