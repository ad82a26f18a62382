import { buildVersion } from "../config/build-version.js";
import type { Config } from "../config/schema.js";
import type { Logger } from "../telemetry/logger.js";
import { createNotifier } from "./notifier.js";
import { selfCheck } from "./self-check.js";
import { startWatchdog, watchdogPeriod } from "./watchdog.js";

/** Whoever started the server as a service and wants to know how it is. Nothing happens where there is nobody. */
export interface ServiceManager {
  /** The server listens there; from now on it is watched. */
  ready(listening: { readonly address: string; readonly port: number }): void;
  /** The server is about to stop; it is watched no longer. */
  stopping(): void;
}

/** What `NOTIFY_SOCKET` and `WATCHDOG_USEC` ask for (configuration.md, "Operation"). */
export function serviceManager(
  { server }: Pick<Config, "server">,
  options: { readonly environment: Readonly<Record<string, string | undefined>>; readonly logger: Logger },
): ServiceManager {
  const { environment, logger } = options;
  const notify = createNotifier({ environment, logger });
  const periodMs = watchdogPeriod(environment, process.pid);
  let stopWatchdog = (): void => undefined;
  return {
    ready(listening) {
      void notify("READY=1");
      if (periodMs === undefined || !environment.NOTIFY_SOCKET) return;
      const tls = server.tls.active ? { caFile: server.tls.cafile } : undefined;
      const userAgent = `Poseidon/${buildVersion().version} (${server.loggingfiltertoken}) self-check`;
      const check = { ...listening, address: askedAddress(server, listening.address), tls, userAgent };
      stopWatchdog = startWatchdog({
        periodMs,
        notify,
        logger,
        check: ({ signal }) => selfCheck(check, { signal }),
      });
    },
    stopping() {
      stopWatchdog();
      void notify("STOPPING=1");
    },
  };
}

/** The configured address, since a certificate may be for its name; that of a passed socket is only known from itself. */
function askedAddress(server: Config["server"], bound: string): string {
  return server.systemdsocketactivation ? bound : server.address;
}
