import { createApp } from "../../src/app.js";
import { resolveConfig } from "../../src/config/resolve.js";
import { createLogger } from "../../src/telemetry/create-logger.js";
import type { LogDestination } from "../../src/telemetry/standard-error.js";
import type { ApiTarget, StartedTarget } from "./suite.js";

/** The server's token in tests. */
export const TOKEN = "token of the suite";

/** What starts a server: `startServer`, or another that takes the same. */
export type Start<Started extends StartedTarget> = (
  ...options: Parameters<typeof startServer>
) => Promise<Started>;

/**
 * Starts a server in this process on a free port, with `variables` (`POSEIDON_…`) over the defaults, and waits until its recovery is done.
 * `stop` stops it, and then what `alsoStop` says. Its log lines go to `log`, by default to standard error.
 */
export async function startServer(
  variables: Readonly<Record<string, string>>,
  target: Omit<ApiTarget, "baseUrl" | "token" | "path" | "separateStderr">,
  options: { readonly alsoStop?: () => Promise<void>; readonly log?: LogDestination } = {},
): Promise<StartedTarget> {
  const { config } = resolveConfig({
    file: { path: "", text: undefined },
    environment: {
      POSEIDON_SERVER_PORT: "0",
      POSEIDON_SERVER_TOKEN: TOKEN,
      POSEIDON_SERVER_SHUTDOWNTIMEOUT: "1",
      POSEIDON_LOGGER_LEVEL: process.env.POSEIDON_LOGGER_LEVEL ?? "WARN",
      ...variables,
    },
    randomToken: () => "random",
  });
  const { alsoStop, log } = options;
  const logger = createLogger({ ...config.logger, ...(log === undefined ? {} : { destination: log }) });
  const app = createApp(config, { logger });
  const { port } = await app.start();
  const baseUrl = `http://127.0.0.1:${port}`;
  await recovered(baseUrl, config.server.token);
  return {
    ...target,
    baseUrl,
    token: config.server.token,
    path: config.nomad.warm === 0 ? "plain" : "fast",
    separateStderr: config.server.interactivestderr,
    async stop() {
      await app.stop();
      await alsoStop?.();
    },
  };
}

/** Until then every route that needs Nomad answers 500. */
export async function recovered(baseUrl: string, token: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${baseUrl}/api/v1/execution-environments`, {
      headers: { "Poseidon-Token": token },
    });
    await answer.text();
    if (answer.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
