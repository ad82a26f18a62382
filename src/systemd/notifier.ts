import { spawn } from "node:child_process";
import type { Logger } from "../telemetry/logger.js";

/** How long `systemd-notify` may take, ms. */
const TIMEOUT_MS = 5_000;

/** States that a service tells its manager (sd_notify(3)). */
export type ServiceState = "READY=1" | "STOPPING=1" | "WATCHDOG=1";

/** Tells the service manager how this process is; resolves once it was told, or could not be. Never rejects. */
export type Notify = (state: ServiceState) => Promise<void>;

/**
 * Tells by `systemd-notify`, since Node has no datagram sockets with names (configuration.md): the unit needs `NotifyAccess=all`. Without
 * `NOTIFY_SOCKET` nobody wants to know. A failure is logged once.
 */
export function createNotifier(options: {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
}): Notify {
  const { environment, logger } = options;
  if (!environment.NOTIFY_SOCKET) return async () => undefined;
  let said = false;
  return async (state) => {
    const fault = await run(state, environment);
    if (fault === undefined || said) return;
    said = true;
    logger.warn("systemd could not be told how the server is", { state, fault });
  };
}

/** What went wrong, if anything. Of our variables `systemd-notify` gets none: they hold tokens. */
function run(
  state: ServiceState,
  { NOTIFY_SOCKET, PATH }: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn("systemd-notify", [state], {
      env: { NOTIFY_SOCKET, PATH: PATH ?? "/usr/bin:/bin" },
      stdio: "ignore",
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    child.once("error", (error: NodeJS.ErrnoException) =>
      resolve(`systemd-notify cannot be run (${error.code})`),
    );
    child.once("exit", (code, signal) =>
      resolve(code === 0 ? undefined : `systemd-notify ended with ${code ?? signal}`),
    );
  });
}
