import { type Agent, createAgent } from "../../src/agent/agent.js";
import { chooseExecutor } from "../../src/agent/executors/choose.js";
import type { AgentOptions } from "../../src/agent/options.js";
import { silentLogger } from "../../src/telemetry/silent-logger.js";

/** The image of tests that need one. */
export const dockerImage = process.env.POSEIDON_TEST_IMAGE ?? "poseidon-test:1";

/** An embedded agent on the Docker of `dockerHost`, by default the one that DOCKER_HOST names. It still has to be started. */
export async function createDockerAgent(
  options: Partial<AgentOptions> & { token: string },
  dockerHost = process.env.DOCKER_HOST,
): Promise<Agent> {
  const executor = await chooseExecutor({ name: "docker", dockerHost, logger: silentLogger });
  return createAgent({ executor, logger: silentLogger, ...options });
}
