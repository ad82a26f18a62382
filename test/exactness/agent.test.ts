import { startOnAgent } from "../api/start-agent.js";
import { exactnessSuite } from "./suite.js";

exactnessSuite("exactness on the embedded agent", () => startOnAgent(2000), {
  cycles: 100,
  large: 4,
  commands: 200,
  stuckMs: 5_000,
});
