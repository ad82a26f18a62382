import { createNonce } from "../nonce.js";
import { type PlainContext, userWord } from "../plain/context.js";
import { Transfer } from "../plain/download.js";
import type { TaskHandlers } from "../plain/file-task.js";
import { Listing } from "../plain/list.js";
import { lost, UselessLsError } from "../plain/task-errors.js";
import { pathsToRemove, Update } from "../plain/update.js";
import type { Download, RunnerShell } from "../runner-shell.js";
import { tarStream } from "../tar.js";
import { ControlTask } from "./control-task.js";
import { endJob } from "./end-job.js";
import type { Residence } from "./residence.js";

/** What is larger, in bytes, takes a session of its own (runner-shell.md). */
const largestTransfer = 1024 * 1024;

/** More paths to delete take the plain way, which reads them faster. */
const mostPaths = 200;

/** What the file operations of a warm runner work with. */
export interface ResidentFilesContext {
  readonly plain: PlainContext;
  readonly residence: Residence;
}

/** Lists by the control session; undefined where that cannot be had at once. As RunnerShell's `list`. */
export async function listResident(
  context: ResidentFilesContext,
  path: string,
  options: Parameters<RunnerShell["list"]>[1],
): Promise<Awaited<ReturnType<RunnerShell["list"]>> | undefined> {
  const listing = new Listing(path, options.recursive);
  const bytes = Buffer.from(path);
  const task = await startTask(context, {
    words: (nonce) => [
      "list",
      nonce,
      userWord(options.privileged),
      options.recursive ? "--recursive" : "-",
      String(bytes.length),
    ],
    payload: [bytes],
    handlers: listing,
    mayPause: true,
  });
  if (task === undefined) return undefined;
  listing.attach(task, options.signal);
  return unlessLost(task, async () => {
    await listing.begun;
    return listing.entries;
  });
}

/** Downloads by the control session, as RunnerShell's `download`; a large file by one of its own. Undefined where that cannot be had at once. */
export async function downloadResident(
  context: ResidentFilesContext,
  path: string,
  options: Parameters<RunnerShell["download"]>[1],
): Promise<Download | undefined> {
  const transfer = new Transfer();
  const bytes = Buffer.from(path);
  const task = await startTask(context, {
    words: (nonce) => [
      "fetch",
      nonce,
      userWord(options.privileged),
      String(largestTransfer),
      String(bytes.length),
    ],
    payload: [bytes],
    handlers: transfer,
    mayPause: false,
  });
  if (task === undefined) return undefined;
  transfer.attach(task, options.signal);
  return unlessLost(task, async () => {
    const size = await transfer.size;
    if (size <= largestTransfer) return { size, body: transfer.body };
    transfer.body.destroy();
    return undefined;
  });
}

/**
 * Deletes and writes by the control session, as RunnerShell's `update`. Undefined where that cannot be had at once, or it is
 * much.
 */
export async function updateResident(
  context: ResidentFilesContext,
  change: Parameters<RunnerShell["update"]>[0],
  options: NonNullable<Parameters<RunnerShell["update"]>[1]>,
): Promise<true | undefined> {
  const content = change.copy.reduce((sum, entry) => sum + entry.content.length, 0);
  if (content > largestTransfer || change.remove.length > mostPaths) return undefined;
  const words = pathsToRemove(change.remove).map((path) => Buffer.from(path));
  if (words.length === 0 && change.copy.length === 0) return true;
  const tar = change.copy.length > 0 ? [...tarStream(change.copy)] : [];
  const tarSize = tar.reduce((sum, chunk) => sum + chunk.length, 0);
  if (tarSize > 2 * largestTransfer) return undefined;
  const update = new Update();
  const task = await startTask(context, {
    words: (nonce) => ["update", nonce, String(tarSize), ...words.map((word) => String(word.length))],
    payload: [...words, ...tar],
    handlers: {
      // The loop has one way out: what tar says comes over it.
      onData: (chunk) => update.onErrorText(chunk),
      onEnd: (end) => update.onEnd(end),
    },
    mayPause: false,
  });
  if (task === undefined) return undefined;
  return unlessLost(task, async () => {
    await finished(update, task, options.signal);
    return true as const;
  });
}

/**
 * What `work` gives, or undefined where the control session broke under it, or only the plain way can do it: then a session of its own gives the right
 * result, since doing the whole again does no harm.
 */
async function unlessLost<T>(task: ControlTask, work: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!task.lost && !(error instanceof UselessLsError)) throw error;
    return undefined;
  }
}

async function finished(update: Update, task: ControlTask, signal: AbortSignal | undefined): Promise<void> {
  const abort = () => update.giveUp(lost("it was given up"));
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  try {
    await update.done;
  } finally {
    signal?.removeEventListener("abort", abort);
    task.end();
  }
}

async function startTask(
  { plain, residence }: ResidentFilesContext,
  options: {
    readonly words: (nonce: string) => readonly string[];
    readonly payload: readonly Buffer[];
    readonly handlers: TaskHandlers;
    readonly mayPause: boolean;
  },
): Promise<ControlTask | undefined> {
  const operation = await residence.operate();
  if (operation === undefined) return undefined;
  const nonce = createNonce();
  const task = new ControlTask({
    nonce,
    handlers: options.handlers,
    mayPause: options.mayPause,
    endJob: (job, how) => endJob(plain, job, how),
    operation,
  });
  task.start(options.words(nonce), options.payload);
  return task;
}
