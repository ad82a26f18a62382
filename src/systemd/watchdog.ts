import type { Logger } from "../telemetry/logger.js";
import type { Notify } from "./notifier.js";

/** How often the manager wants a sign of life, in ms of half of what it allows; undefined: it wants none (sd_watchdog_enabled(3)). */
export function watchdogPeriod(
  { WATCHDOG_USEC = "", WATCHDOG_PID }: Readonly<Record<string, string | undefined>>,
  pid: number,
): number | undefined {
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== "" && WATCHDOG_PID !== String(pid)) return undefined;
  const allowed = /^\d{1,15}$/.test(WATCHDOG_USEC) ? Number(WATCHDOG_USEC) : 0;
  return allowed > 0 ? Math.max(1, allowed / 2_000) : undefined;
}

/** What a watchdog works with. */
export interface WatchdogOptions {
  readonly periodMs: number;
  /** Asks the server's own health route; true when it answered, whatever it said. */
  readonly check: (options: { readonly signal: AbortSignal }) => Promise<boolean>;
  readonly notify: Notify;
  readonly logger: Logger;
}

/** Gives a sign of life each period, but only while the server answers its own health route; returns how to end that. */
export function startWatchdog({ periodMs, check, notify, logger }: WatchdogOptions): () => void {
  const stop = new AbortController();
  let busy = false;
  const look = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      const late = AbortSignal.timeout(Math.ceil(periodMs));
      const alive = await check({ signal: AbortSignal.any([stop.signal, late]) });
      if (stop.signal.aborted) return;
      if (alive) await notify("WATCHDOG=1");
      else logger.warn("the server does not answer its own health check");
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void look(), periodMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    stop.abort();
  };
}
