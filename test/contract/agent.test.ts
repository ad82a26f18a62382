import { afterAll, beforeAll, describe } from "vitest";
import { type Agent, createAgent } from "../../src/agent/agent.js";
import { chooseExecutor } from "../../src/agent/executors/choose.js";
import { silentLogger } from "../unit/agent/silent-logger.js";
import { contractSuite } from "./suite.js";
import type { Target } from "./target.js";

describe("the embedded agent", () => {
  let agent: Agent;
  let target: Target;

  beforeAll(async () => {
    const executor = await chooseExecutor({ logger: silentLogger });
    agent = createAgent({
      executor,
      token: "contract",
      logger: silentLogger,
      nodeCapacity: { cpu: 5_000, memory: 20_000 },
    });
    const { address, port } = await agent.start();
    target = {
      address: `http://${address}:${port}`,
      token: "contract",
      image: "poseidon-test:1",
      driver: "docker",
      canRun: true,
      hasWorkspace: executor.name === "sandbox",
      isDocker: false,
      canRunOutOfMemory:
        executor.name === "sandbox" && executor.notices.every((line) => !/memory/i.test(line)),
      prefix: "88-contract-",
    };
  });

  afterAll(() => agent.stop());

  contractSuite(() => target);
});
