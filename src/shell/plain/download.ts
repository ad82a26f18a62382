import { Readable } from "node:stream";
import { deferred } from "../../lib/deferred.js";
import type { Download, RunnerShell } from "../runner-shell.js";
import { shellText } from "../shell-text.js";
import { type PlainContext, userWord } from "./context.js";
import { DownloadHead } from "./download-head.js";
import { FileTask, type TaskEnd, type TaskWork } from "./file-task.js";
import { failedRead, fileNotFound, lost } from "./task-errors.js";

const text = shellText(import.meta.url, "receive.sh", "stay.sh", "download.sh");
const reader = shellText(import.meta.url, "reader.sh", "reader-content.sh");

/** How long the opening of a file may take, in ms: that of a named pipe takes for ever. */
const openTime = 3_500;

/** Bytes that may wait for the client. */
const highWater = 256 * 1024;

/** Opens a file in the runner (execution.md, "Download"). Implements RunnerShell's `download`. */
export async function downloadFile(
  context: PlainContext,
  path: string,
  options: Parameters<RunnerShell["download"]>[1],
): Promise<Download> {
  const transfer = new Transfer();
  const { signal } = options;
  const task = await FileTask.start(context, {
    text,
    parameters: [userWord(options.privileged), reader],
    words: [path],
    handlers: transfer,
    does: "reading",
    signal,
  });
  transfer.attach(task, signal);
  return { size: await transfer.size, body: transfer.body };
}

/** A file on its way from the runner to its reader. */
export class Transfer {
  readonly #head = new DownloadHead();
  readonly #size = deferred<number>();
  readonly body: Readable;
  #task: TaskWork | undefined;
  /** Bytes still to come; undefined until the size is known. */
  #missing: number | undefined;
  #openTimer: NodeJS.Timeout | undefined;

  constructor() {
    this.body = new Readable({
      highWaterMark: highWater,
      read: () => this.#task?.resume(),
      destroy: (error, done) => {
        clearTimeout(this.#openTimer);
        this.#task?.end();
        this.#size.reject(error ?? lost("it was given up"));
        done(error);
      },
    });
    // Before the size is known failures are told by `size`; without a listener they would be uncaught.
    this.body.on("error", () => undefined);
  }

  /** Resolves with the file's size at its opening. */
  get size(): Promise<number> {
    return this.#size.promise;
  }

  attach(task: TaskWork, signal: AbortSignal | undefined): void {
    this.#task = task;
    if (signal === undefined) return;
    const abort = () => this.body.destroy(lost("it was given up"));
    signal.addEventListener("abort", abort, { once: true });
    this.body.once("close", () => signal.removeEventListener("abort", abort));
    if (signal.aborted) abort();
  }

  onData(chunk: Buffer): void {
    const content = this.#missing === undefined ? this.#readHead(chunk) : chunk;
    if (this.#missing === undefined || this.body.destroyed) return;
    const part = content.subarray(0, this.#missing);
    this.#missing -= part.length;
    if (part.length > 0 && !this.body.push(part)) this.#task?.pause();
    if (this.#missing > 0) return;
    // Counted: this is the whole, whatever else the file has gained.
    this.body.push(null);
    this.#task?.end();
  }

  onEnd(end: TaskEnd): void {
    if (this.body.destroyed) return;
    if (end.kind === "lost") this.body.destroy(lost(end.reason));
    else if (this.#missing === undefined) this.body.destroy(failedRead(end.exitCode));
    else this.body.destroy(lost("the file became shorter"));
  }

  #readHead(chunk: Buffer): Buffer {
    const { opening, size, rest } = this.#head.push(chunk);
    if (opening && this.#openTimer === undefined) {
      this.#openTimer = setTimeout(() => this.body.destroy(fileNotFound()), openTime);
    }
    if (size === undefined) return rest;
    clearTimeout(this.#openTimer);
    if (!Number.isSafeInteger(size)) {
      this.body.destroy(lost("what came is no size"));
      return rest;
    }
    this.#missing = size;
    this.#size.resolve(size);
    return rest;
  }
}
