import { ConfigError } from "../config/errors.js";
import { loadConfig } from "../config/load.js";
import type { ResolvedConfig } from "../config/resolve.js";
import { IdleCollector } from "../lib/idle-collector.js";
import { untilAborted } from "../lib/until-aborted.js";
import { passedSockets } from "../systemd/passed-sockets.js";
import { type ServiceManager, serviceManager } from "../systemd/service-manager.js";
import { createLogger } from "../telemetry/create-logger.js";
import type { Logger } from "../telemetry/logger.js";
import type { CliContext, Service } from "./context.js";

/**
 * `poseidon serve`: runs the server until a signal asks to stop. 0 after a clean stop, 1 when the configuration is wrong or the
 * server cannot start or stop.
 */
export async function serve(
  { config: path }: { readonly config: string | undefined },
  context: CliContext,
): Promise<number> {
  const resolved = await readConfig(path, context);
  if (resolved === undefined) return 1;
  const { config, notices } = resolved;
  const logger = createLogger(config.logger).child({ package: "main" });
  for (const { level, message, fields } of notices) logger[level](message, fields);
  const sockets = config.server.systemdsocketactivation
    ? passedSockets(context.environment, process.pid)
    : [];
  if (config.server.systemdsocketactivation && sockets.length === 0) {
    logger.error("server.systemdsocketactivation is true, but no socket was passed (LISTEN_FDS, LISTEN_PID)");
    return 1;
  }
  const app = await context.parts.createApp(config, { logger, sockets });
  context.onSignal("SIGHUP", () => void app.reload());
  context.onSignal("SIGUSR2", () => app.tellState());
  const manager = serviceManager(config, { environment: context.environment, logger });
  return await runUntilStopped(app, { logger, manager, stop: context.stop });
}

async function runUntilStopped(
  app: Service,
  options: { readonly logger: Logger; readonly manager: ServiceManager; readonly stop: AbortSignal },
): Promise<number> {
  const { logger, manager, stop } = options;
  const collector = new IdleCollector();
  try {
    collector.start();
    const started = await Promise.race([app.start(), untilAborted(stop)]);
    if (started !== undefined) {
      logger.info("listening", { address: started.address, port: started.port });
      manager.ready(started);
    }
    await untilAborted(stop);
  } catch (error) {
    logger.error("the server cannot start", { error });
    await app.stop().catch((stopError) => logger.error("the server did not stop", { error: stopError }));
    return 1;
  } finally {
    collector.stop();
  }
  try {
    logger.info("stopping", { signal: String(stop.reason) });
    manager.stopping();
    await app.stop();
    logger.info("stopped");
    return 0;
  } catch (error) {
    logger.error("the server did not stop cleanly", { error });
    return 1;
  }
}

/** Reads the configuration; a wrong one is logged, a line for each problem. */
async function readConfig(
  path: string | undefined,
  { environment }: CliContext,
): Promise<ResolvedConfig | undefined> {
  try {
    return await loadConfig({ path, environment });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const logger = createLogger({ level: "info", formatter: "TextFormatter" });
    for (const problem of error.problems) logger.error("the configuration is wrong", { ...problem });
    return undefined;
  }
}
