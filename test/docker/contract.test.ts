import { afterAll, beforeAll, describe } from "vitest";
import type { Agent } from "../../src/agent/agent.js";
import { contractSuite } from "../contract/suite.js";
import type { Target } from "../contract/target.js";
import { createDockerAgent, dockerImage } from "./docker-agent.js";

describe("the embedded agent on Docker", () => {
  let agent: Agent;
  let target: Target;

  beforeAll(async () => {
    agent = await createDockerAgent({ token: "contract", nodeCapacity: { cpu: 5_000, memory: 20_000 } });
    const { address, port } = await agent.start();
    target = {
      address: `http://${address}:${port}`,
      token: "contract",
      image: dockerImage,
      driver: "docker",
      canRun: true,
      hasWorkspace: true,
      isDocker: true,
      canRunOutOfMemory: true,
      prefix: "88-contract-",
    };
  });

  afterAll(() => agent.stop());

  contractSuite(() => target);
});
