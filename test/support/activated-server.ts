import { onTestFinished } from "vitest";
import { createAgent } from "../../src/agent/agent.js";
import type { Executor } from "../../src/agent/executor.js";
import { createNullExecutor } from "../../src/agent/executors/null.js";
import { silentLogger } from "../../src/telemetry/silent-logger.js";
import { ApiClient } from "../api/suite/client.js";
import type { CompiledProgram } from "./compiled-program.js";
import { ServiceManager } from "./service-manager.js";

/** The token of the agent. */
export const AGENT_TOKEN = "token of the agent";

/** The token of every server that is started here. */
export const SERVER_TOKEN = "token of the server";

/** An agent, a stand-in for systemd, and how a server is started on the socket that it holds. All of it ends with the test. */
export async function activatedServer(
  program: CompiledProgram,
  options: {
    readonly executor?: Executor;
    /** Of an agent that is there already. */
    readonly nomadPort?: number;
    readonly variables?: Readonly<Record<string, string>>;
  } = {},
) {
  const { executor = createNullExecutor(), variables = {} } = options;
  const nomadPort = options.nomadPort ?? (await startAgent(executor));
  const manager = await ServiceManager.start();
  onTestFinished(() => manager.stop());
  const environment = {
    PATH: process.env.PATH ?? "",
    POSEIDON_SERVER_SYSTEMDSOCKETACTIVATION: "true",
    POSEIDON_SERVER_TOKEN: SERVER_TOKEN,
    POSEIDON_NOMAD_PORT: String(nomadPort),
    POSEIDON_NOMAD_TOKEN: AGENT_TOKEN,
    POSEIDON_NOMAD_DISABLEFORCEPULL: "true",
    POSEIDON_LOGGER_LEVEL: "error",
    ...variables,
  };
  const client = new ApiClient({
    baseUrl: `http://127.0.0.1:${manager.port}`,
    token: SERVER_TOKEN,
    image: "any",
    firstEnvironmentId: 0,
    twoUsers: false,
    mapsPorts: false,
    separateStderr: true,
  });
  onTestFinished(() => client.close());
  return {
    manager,
    client,
    serve: (more: Record<string, string> = {}) =>
      manager.run([process.execPath, program.main, "serve"], { ...environment, ...more }),
  };
}

async function startAgent(executor: Executor): Promise<number> {
  const agent = createAgent({ executor, token: AGENT_TOKEN, logger: silentLogger });
  onTestFinished(() => agent.stop());
  return (await agent.start()).port;
}
