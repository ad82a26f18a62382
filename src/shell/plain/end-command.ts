import { Backoff } from "../../lib/backoff.js";
import { deferred } from "../../lib/deferred.js";
import { isNomadError } from "../../nomad/errors.js";
import { shellText } from "../shell-text.js";
import type { PlainContext } from "./context.js";
import { EarlyEndError } from "./early-end.js";
import { FileTask, type TaskEnd } from "./file-task.js";

const text = shellText(import.meta.url, "receive.sh", "stay.sh", "end.sh");

/** How long a session is tried for while Nomad does not answer, in ms; the runner could not be destroyed meanwhile either. */
const patience = 60_000;

/** How the command is found in its runner. */
export interface LostCommand {
  /** The unique part of its terminal's pipes' names. */
  readonly unique: string;
  /** For a command in resident sessions: that of its control loop, which is ended with it, and that of its stderr pipe's name. */
  readonly resident?: { readonly control: string; readonly pipe: string };
}

/**
 * Ends a command whose sessions broke off, by a session of its own: SIGQUIT, and 3 s for it (execution.md, "Ways an execution ends").
 * Resolves with whether it has ended, false where nobody can tell. Never rejects.
 */
export async function endCommand(
  context: PlainContext,
  command: LostCommand,
  options: { readonly signal?: AbortSignal } = {},
): Promise<boolean> {
  const { signal } = options;
  const over = performance.now() + patience;
  const backoff = new Backoff({ initial: 100, maximum: 2_000 });
  for (;;) {
    try {
      const end = await attempt(context, command, options);
      if (end.kind === "done") return end.exitCode === 0;
    } catch (error) {
      const passes = error instanceof EarlyEndError || isNomadError(error, "unreachable", "no-room");
      if (!passes) return false;
    }
    if (performance.now() > over || signal?.aborted) return false;
    await backoff.wait(options).catch(() => undefined);
  }
}

async function attempt(
  context: PlainContext,
  { unique, resident }: LostCommand,
  { signal }: { readonly signal?: AbortSignal },
): Promise<TaskEnd> {
  const ended = deferred<TaskEnd>();
  const task = await FileTask.start(context, {
    text,
    parameters: [],
    words: resident === undefined ? [unique] : [unique, resident.control, resident.pipe],
    handlers: { onData: () => undefined, onEnd: ended.resolve },
    does: "reading",
    signal,
  });
  const abort = () => ended.resolve({ kind: "lost", reason: "it was given up" });
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  try {
    return await ended.promise;
  } finally {
    signal?.removeEventListener("abort", abort);
    task.end();
  }
}
