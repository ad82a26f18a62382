import { Readable } from "node:stream";
import { deferred } from "../../lib/deferred.js";
import { ShellError } from "../errors.js";
import { ListingParser } from "../listing.js";
import type { FileEntry, RunnerShell } from "../runner-shell.js";
import { shellText } from "../shell-text.js";
import { type PlainContext, userWord } from "./context.js";
import { FileTask, type TaskEnd, type TaskWork } from "./file-task.js";
import { findFiles } from "./find-files.js";
import { failedRead, lost, UselessLsError } from "./task-errors.js";

const text = shellText(import.meta.url, "receive.sh", "stay.sh", "list.sh");

/** Batches that may wait for the reader; each is what one message of Nomad's completes. */
const waitingBatches = 64;

/** Lists a path (execution.md, "List"). Implements RunnerShell's `list`. */
export async function listFiles(
  context: PlainContext,
  path: string,
  options: Parameters<RunnerShell["list"]>[1],
): Promise<AsyncIterable<readonly FileEntry[]>> {
  const listing = new Listing(path, options.recursive);
  const { signal } = options;
  const task = await FileTask.start(context, {
    text,
    parameters: [userWord(options.privileged), ...(options.recursive ? ["--recursive"] : [])],
    words: [path],
    handlers: listing,
    does: "reading",
    signal,
  });
  listing.attach(task, signal);
  try {
    await listing.begun;
    return listing.entries;
  } catch (error) {
    if (!(error instanceof UselessLsError)) throw error;
    const found = new Listing(path, options.recursive);
    await findFiles(context, path, { ...options, listing: found });
    return found.entries;
  }
}

/** A listing on its way from ls to its reader. */
export class Listing {
  readonly #parser: ListingParser;
  readonly #begun = deferred();
  readonly entries: Readable;
  #task: TaskWork | undefined;
  #anything = false;

  constructor(path: string, recursive: boolean) {
    this.#parser = new ListingParser({ path, recursive });
    this.entries = new Readable({
      objectMode: true,
      highWaterMark: waitingBatches,
      read: () => this.#task?.resume(),
      destroy: (error, done) => {
        this.#task?.end();
        this.#begun.reject(error ?? lost("it was given up"));
        done(error);
      },
    });
    // Before the first entry failures are told by `begun`; without a listener they would be uncaught.
    this.entries.on("error", () => undefined);
  }

  /** Resolves with the first entries or the end of an empty listing; rejects when the path cannot be listed. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  attach(task: TaskWork, signal: AbortSignal | undefined): void {
    this.#task = task;
    if (signal === undefined) return;
    const abort = () => this.entries.destroy(lost("it was given up"));
    signal.addEventListener("abort", abort, { once: true });
    this.entries.once("close", () => signal.removeEventListener("abort", abort));
    if (signal.aborted) abort();
  }

  onData(chunk: Buffer): void {
    this.#anything = true;
    let batch: FileEntry[];
    try {
      batch = this.#parser.push(chunk);
    } catch (error) {
      this.entries.destroy(new ShellError("unsupported", "the runner's ls is not GNU ls", { cause: error }));
      return;
    }
    if (batch.length === 0) return;
    if (!this.entries.push(batch)) this.#task?.pause();
    this.#begun.resolve();
  }

  onEnd(end: TaskEnd): void {
    if (end.kind === "lost") {
      this.entries.destroy(lost(end.reason));
      return;
    }
    // 1 and 2 are ls's own: something below could not be read, the rest is right.
    if (end.exitCode > 2 || (end.exitCode > 0 && !this.#anything)) {
      this.entries.destroy(failedRead(end.exitCode));
      return;
    }
    this.entries.push(null);
    this.#begun.resolve();
  }
}
