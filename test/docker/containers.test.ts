import { containerSuite } from "../containers/suite.js";
import { Nomad } from "../support/nomad.js";
import { createDockerAgent, dockerImage } from "./docker-agent.js";

const TOKEN = "token of the agent";

containerSuite("containers of the embedded agent with Docker", async () => {
  const agent = await createDockerAgent({ token: TOKEN, faults: true });
  const { address, port } = await agent.start();
  const nomad = new Nomad({ address: `http://${address}:${port}`, token: TOKEN, namespace: "default" });
  return {
    nomad,
    image: dockerImage,
    async reschedule(jobId) {
      const { ID } = await nomad.allocation(jobId);
      await nomad.must("POST", "/v1/faults", { fault: "reschedule-allocation", allocation: ID });
    },
    stop: () => agent.stop(),
  };
});
