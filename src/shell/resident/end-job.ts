import { deferred } from "../../lib/deferred.js";
import type { PlainContext } from "../plain/context.js";
import { ScriptSession } from "../plain/script-session.js";
import { rootShell, shellText } from "../shell-text.js";

const text = shellText(import.meta.url, "watch-job.sh");

/**
 * Ends a job of the control loop from a plain session; with `onlyIdle` not while it does something. Resolves with whether it was
 * ended. Rejects with a NomadError or a ShellError when no session could be opened.
 */
export async function endJob(
  context: PlainContext,
  job: string,
  options: { readonly onlyIdle: boolean },
): Promise<boolean> {
  const done = deferred<boolean>();
  const session = await ScriptSession.open(context, {
    command: rootShell(text, job, options.onlyIdle ? "idle" : "always"),
    handlers: {
      onStdout: (chunk) => done.resolve(chunk.includes("ended")),
      onLost: () => done.resolve(false),
    },
  });
  const ended = await done.promise;
  session.end();
  return ended;
}
