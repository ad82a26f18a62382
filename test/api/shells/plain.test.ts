import { startOnAgent } from "../start-agent.js";
import { shellSuite } from "./suite.js";

shellSuite("runner shells on the embedded agent, by the plain path", () =>
  startOnAgent(2200, { POSEIDON_NOMAD_WARM: "0" }),
);
