import { startOnAgent } from "../api/start-agent.js";
import { startServerProcess } from "./server-process.js";
import { exactnessSuite } from "./suite.js";

const start = () => startOnAgent(2000, {}, { start: startServerProcess });

exactnessSuite("exactness on the embedded agent", start, {
  cycles: 100,
  large: 4,
  commands: 200,
  flood: 100_000_000,
  stuckMs: 20_000,
});
