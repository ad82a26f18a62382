import { createAgent } from "../../src/agent/agent.js";
import { chooseExecutor } from "../../src/agent/executors/choose.js";
import { silentLogger } from "../../src/telemetry/silent-logger.js";
import { startServer } from "./start-server.js";
import { apiSuite } from "./suite.js";

const TOKEN = "token of the agent";

apiSuite("the API on the embedded agent", async () => {
  const executor = await chooseExecutor({ logger: silentLogger });
  const agent = createAgent({ executor, token: TOKEN, logger: silentLogger });
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
      firstEnvironmentId: 1000,
      twoUsers: executor.name === "sandbox" && process.getuid?.() === 0,
      mapsPorts: false,
    },
    () => agent.stop(),
  );
});
