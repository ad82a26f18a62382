import { constants } from "node:os";

const STOPPING = ["SIGTERM", "SIGINT", "SIGABRT"] as const;
/** Signals of the server's operation (configuration.md): they must not end the process, whether or not anything answers them yet. */
const OPERATION = ["SIGUSR1", "SIGUSR2"] as const;

/** How a process answers signals. */
export interface SignalOptions {
  /** A closed terminal: `stop` for what a person watches, `ignore` for a server. */
  readonly hangup: "stop" | "ignore";
  /** A second signal that asks to stop: end at once with this exit code. */
  readonly onSecond: (exitCode: number) => void;
  readonly target?: NodeJS.EventEmitter;
}

/** Listens for signals for the rest of the process; the result is aborted by the first that asks to stop, with its name as reason. */
export function stopOnSignals({ hangup, onSecond, target = process }: SignalOptions): AbortSignal {
  const stop = new AbortController();
  const ask = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) onSecond(128 + constants.signals[signal]);
    else stop.abort(signal);
  };
  const nothing = (): void => undefined;
  for (const signal of STOPPING) target.on(signal, () => ask(signal));
  for (const signal of OPERATION) target.on(signal, nothing);
  target.on("SIGHUP", hangup === "stop" ? () => ask("SIGHUP") : nothing);
  return stop.signal;
}
