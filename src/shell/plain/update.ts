import { deferred } from "../../lib/deferred.js";
import { ShellError } from "../errors.js";
import { cleanPath } from "../paths.js";
import type { RunnerShell } from "../runner-shell.js";
import { shellText } from "../shell-text.js";
import { tarStream } from "../tar.js";
import type { PlainContext } from "./context.js";
import { FileTask, type TaskEnd, type TaskWork } from "./file-task.js";
import { lost } from "./task-errors.js";

const text = shellText(import.meta.url, "receive.sh", "stay.sh", "../remove-all.sh", "update.sh");

/** No path that exists is longer, in bytes. */
const longestPath = 4096;

/** Most bytes of each of tar's outputs that an error quotes. */
const longestQuote = 4096;

/** Deletes and writes files, as root (execution.md, "Update"). Implements RunnerShell's `update`. */
export async function updateFiles(
  context: PlainContext,
  change: Parameters<RunnerShell["update"]>[0],
  options: NonNullable<Parameters<RunnerShell["update"]>[1]> = {},
): Promise<void> {
  const { signal } = options;
  const words = pathsToRemove(change.remove);
  if (words.length === 0 && change.copy.length === 0) return;
  const update = new Update();
  const task = await FileTask.start(context, {
    text,
    parameters: change.copy.length > 0 ? ["copy"] : [],
    words,
    handlers: update,
    does: "writing",
    signal,
  });
  const abort = () => update.giveUp(lost("it was given up"));
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  try {
    if (change.copy.length > 0) await update.send(task, tarStream(change.copy));
    await update.done;
  } finally {
    signal?.removeEventListener("abort", abort);
    task.end();
  }
}

/** The paths to delete as the shell texts take them. */
export function pathsToRemove(paths: readonly string[]): string[] {
  return paths
    .map((path) => (path === "./*" ? path : cleanPath(path)))
    .filter((path) => Buffer.byteLength(path) <= longestPath);
}

/** An update on its way. */
export class Update {
  readonly #done = deferred();
  readonly #stdout = new Quote();
  readonly #stderr = new Quote();
  #drained = deferred();
  #over = false;

  constructor() {
    // It may fail while nobody waits for it yet.
    this.#done.promise.catch(() => undefined);
  }

  /** Resolves when tar has confirmed everything; rejects with `copy-failed` and its words. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Writes as fast as the runner takes it; ends early when tar has ended. */
  async send(task: TaskWork, chunks: Iterable<Buffer>): Promise<void> {
    for (const chunk of chunks) {
      if (this.#over) return;
      this.#drained = deferred();
      if (!task.write(chunk)) await this.#drained.promise;
    }
  }

  giveUp(error: ShellError): void {
    this.#over = true;
    this.#done.reject(error);
    this.#drained.resolve();
  }

  onData(chunk: Buffer): void {
    this.#stdout.add(chunk);
  }

  onErrorText(chunk: Buffer): void {
    this.#stderr.add(chunk);
  }

  onDrain(): void {
    this.#drained.resolve();
  }

  onEnd(end: TaskEnd): void {
    if (end.kind === "lost") return this.giveUp(lost(end.reason));
    if (end.exitCode !== 0) return this.giveUp(copyFailed(this.#stderr.text, this.#stdout.text));
    this.#over = true;
    this.#done.resolve();
    this.#drained.resolve();
  }
}

function copyFailed(stderr: string, stdout: string): ShellError {
  return new ShellError(
    "copy-failed",
    `file copy failed: stderr output '${stderr}' and stdout output '${stdout}'`,
  );
}

/** The beginning of an output, for an error message. */
class Quote {
  #text = Buffer.alloc(0);

  add(chunk: Buffer): void {
    this.#text = Buffer.concat([this.#text, chunk.subarray(0, longestQuote - this.#text.length)]);
  }

  get text(): string {
    return this.#text.toString("utf8");
  }
}
