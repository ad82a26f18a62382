import { onTestFinished } from "vitest";
import { createAgent } from "../../../src/agent/agent.js";
import { createNullExecutor } from "../../../src/agent/executors/null.js";
import type { AgentOptions } from "../../../src/agent/options.js";
import type { Target } from "../../contract/target.js";
import { silentLogger } from "./silent-logger.js";

/** An agent for the running test, gone at its end. Runs nothing unless an executor is given. */
export async function startAgent(options: Partial<AgentOptions> = {}): Promise<Target> {
  const agent = createAgent({
    executor: createNullExecutor(),
    token: "secret",
    logger: silentLogger,
    faults: true,
    ...options,
  });
  onTestFinished(() => agent.stop());
  const { address, port } = await agent.start();
  return {
    address: `http://${address}:${port}`,
    token: "secret",
    image: "any",
    driver: "docker",
    canRun: false,
    hasWorkspace: false,
    isDocker: false,
    canRunOutOfMemory: false,
    prefix: "990-",
  };
}
