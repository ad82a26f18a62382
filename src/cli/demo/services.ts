import { resolveConfig } from "../../config/resolve.js";
import { createLogger } from "../../telemetry/create-logger.js";
import type { ExecutorName } from "../command.js";
import type { CliContext } from "../context.js";
import { startAgentProcess } from "./agent-process.js";
import type { Steps } from "./steps.js";

/** A running server with its agent. */
export interface DemoServices {
  /** `http://127.0.0.1:7200/api/v1` */
  readonly base: string;
  /** Resolves with a reason when the agent ends by itself. */
  readonly agentDied: Promise<string>;
  /** Ends both, the server first. */
  stop(): Promise<void>;
}

/** Starts the agent as another process and the server in this one, each on a free port and with a token. */
export async function startServices(
  context: CliContext,
  options: {
    readonly executor: ExecutorName | undefined;
    readonly dockerHost: string | undefined;
    readonly tokens: { readonly server: string; readonly agent: string };
    readonly steps: Steps;
    readonly signal: AbortSignal;
  },
): Promise<DemoServices> {
  const { executor, dockerHost, tokens, steps, signal } = options;
  const level = context.environment.POSEIDON_LOGGER_LEVEL || "warn";
  const environment = { ...context.environment, POSEIDON_LOGGER_LEVEL: level };
  const agent = await steps.run("the agent starts", () =>
    startAgentProcess({
      mainPath: context.mainPath,
      token: tokens.agent,
      executor,
      dockerHost,
      environment,
      signal,
    }),
  );
  try {
    const app = await steps.run("the server starts", () =>
      startServer(context, {
        ...environment,
        POSEIDON_SERVER_ADDRESS: "127.0.0.1",
        POSEIDON_SERVER_PORT: "0",
        POSEIDON_SERVER_TOKEN: tokens.server,
        POSEIDON_NOMAD_ENABLED: "true",
        POSEIDON_NOMAD_ADDRESS: agent.address,
        POSEIDON_NOMAD_PORT: String(agent.port),
        POSEIDON_NOMAD_TOKEN: tokens.agent,
        POSEIDON_NOMAD_NAMESPACE: "default",
        // An image of one's own need not be in a registry; one that is missing is pulled all the same.
        POSEIDON_NOMAD_DISABLEFORCEPULL: "true",
      }),
    );
    const stop = async (): Promise<void> => {
      await app.stop().finally(() => agent.stop());
    };
    return { base: `http://127.0.0.1:${app.port}/api/v1`, agentDied: agent.died, stop };
  } catch (error) {
    await agent.stop();
    throw error;
  }
}

async function startServer(context: CliContext, environment: CliContext["environment"]) {
  const file = { path: "", text: undefined };
  const { config } = resolveConfig({ file, environment, randomToken: () => "demo" });
  const logger = createLogger(config.logger).child({ package: "main" });
  const app = await context.parts.createApp(config, { logger });
  try {
    const { port } = await app.start();
    return { port, stop: () => app.stop() };
  } catch (error) {
    await app.stop();
    throw error;
  }
}
