import { startServer } from "../api/start-server.js";
import type { StartedTarget } from "../api/suite.js";
import { createDockerAgent, dockerImage } from "./docker-agent.js";

const TOKEN = "token of the agent";

/** Starts an embedded agent whose runners are Docker containers, and a server on it. Environments from `firstEnvironmentId` on are the suite's. */
export async function startOnDocker(firstEnvironmentId: number): Promise<StartedTarget> {
  const agent = await createDockerAgent({ token: TOKEN, emulateExecTruncation: true });
  const { address, port } = await agent.start();
  return startServer(
    {
      POSEIDON_NOMAD_ADDRESS: address,
      POSEIDON_NOMAD_PORT: String(port),
      POSEIDON_NOMAD_TOKEN: TOKEN,
      POSEIDON_NOMAD_DISABLEFORCEPULL: "true",
    },
    { image: dockerImage, firstEnvironmentId, twoUsers: true, mapsPorts: true },
    { alsoStop: () => agent.stop() },
  );
}
