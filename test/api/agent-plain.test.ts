import { startOnAgent } from "./start-agent.js";
import { apiSuite } from "./suite.js";

apiSuite("the API on the embedded agent, on the plain path", () =>
  startOnAgent(1100, { POSEIDON_NOMAD_WARM: "0" }),
);
