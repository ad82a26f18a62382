import { randomUUID } from "node:crypto";
import { rootShell, shellText } from "../shell-text.js";
import type { PlainContext } from "./context.js";
import { EarlyEndError, untilReady } from "./early-end.js";
import { type ScriptHandlers, ScriptSession } from "./script-session.js";
import { type TerminalHandlers, TerminalSession } from "./terminal-session.js";

const errorsText = shellText(import.meta.url, "pipes.sh", "errors.sh");

/** The sessions of one command, both ready and waiting for the request. */
export interface CommandSessions {
  /** The unique part of their pipes' names, which both have as an argument. */
  readonly unique: string;
  readonly terminal: TerminalSession;
  /** Undefined: there is one stream, and the request goes through the terminal. */
  readonly errors: ScriptSession | undefined;
}

/** What the sessions of a command are opened with. */
export interface CommandSessionsOptions {
  readonly user: "root" | "user";
  readonly requestLength: number;
  readonly terminal: TerminalHandlers;
  readonly errors: ScriptHandlers;
  /** Nobody wants them any more: no further attempt. */
  readonly signal?: AbortSignal | undefined;
}

/** Opens both sessions of a command side by side. Rejects with a NomadError or a ShellError, with nothing left open. */
export function openCommandSessions(
  context: PlainContext,
  options: CommandSessionsOptions,
): Promise<CommandSessions> {
  // Of a pair of which one fails the other one may wait on: each attempt has pipes of its own.
  const stale: string[] = [];
  return untilReady(() => openPair(context, options, stale), options);
}

async function openPair(
  context: PlainContext,
  options: CommandSessionsOptions,
  attempts: string[],
): Promise<CommandSessions> {
  const unique = randomUUID().replaceAll("-", "");
  const stale = [...attempts];
  attempts.push(unique);
  let open = false;
  let lostEarly: string | undefined;
  /** One may end while the other one is still being opened. Nothing was done then. */
  const guarded = <Handlers extends { onLost(reason: string): void }>(handlers: Handlers): Handlers => ({
    ...handlers,
    onLost: (reason) => {
      if (open) handlers.onLost(reason);
      else lostEarly ??= reason;
    },
  });
  const [terminal, errors] = await Promise.allSettled([
    TerminalSession.open(context, {
      unique,
      user: options.user,
      streams: context.separateStderr ? 2 : 1,
      requestLength: options.requestLength,
      stale,
      handlers: guarded(options.terminal),
    }),
    context.separateStderr
      ? ScriptSession.open(context, {
          command: rootShell(errorsText, unique),
          handlers: guarded(options.errors),
        })
      : undefined,
  ]);
  const errorsSession = errors.status === "fulfilled" ? errors.value : undefined;
  if (terminal.status === "rejected") {
    errorsSession?.end();
    throw moreTelling(terminal.reason, errors);
  }
  if (lostEarly !== undefined) {
    terminal.value.terminal.end();
    errorsSession?.end();
    throw new EarlyEndError(lostEarly, { retryable: true });
  }
  open = true;
  if (terminal.value.requestWay === "terminal") {
    errorsSession?.end();
    return { unique, terminal: terminal.value.terminal, errors: undefined };
  }
  if (errorsSession === undefined) {
    terminal.value.terminal.end();
    throw errors.status === "rejected"
      ? errors.reason
      : new Error("unreachable: the pipes are for two streams");
  }
  return { unique, terminal: terminal.value.terminal, errors: errorsSession };
}

/** Of two failures the one that trying again does not cure. */
function moreTelling(error: unknown, other: PromiseSettledResult<unknown>): unknown {
  const curable = error instanceof EarlyEndError && error.retryable;
  return curable && other.status === "rejected" ? other.reason : error;
}
