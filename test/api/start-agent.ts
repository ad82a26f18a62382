import { createAgent } from "../../src/agent/agent.js";
import { chooseExecutor } from "../../src/agent/executors/choose.js";
import { silentLogger } from "../../src/telemetry/silent-logger.js";
import { startServer } from "./start-server.js";
import type { StartedTarget } from "./suite.js";

const TOKEN = "token of the agent";

/** Starts an embedded agent that loses output as Nomad does, and a server on it. Environments from `firstEnvironmentId` on are the suite's. */
export async function startOnAgent(firstEnvironmentId: number): Promise<StartedTarget> {
  const executor = await chooseExecutor({ logger: silentLogger });
  const agent = createAgent({ executor, token: TOKEN, logger: silentLogger, emulateExecTruncation: true });
  const { address, port } = await agent.start();
  return startServer(
    {
      POSEIDON_NOMAD_ADDRESS: address,
      POSEIDON_NOMAD_PORT: String(port),
      POSEIDON_NOMAD_TOKEN: TOKEN,
      POSEIDON_NOMAD_DISABLEFORCEPULL: "true",
    },
    {
      image: "any",
      firstEnvironmentId,
      twoUsers: executor.name === "sandbox" && process.getuid?.() === 0,
      mapsPorts: false,
    },
    () => agent.stop(),
  );
}
