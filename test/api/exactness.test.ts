import { startServerProcess } from "../exactness/server-process.js";
import { exactnessSuite } from "../exactness/suite.js";
import { startOnAgent } from "./start-agent.js";

const start = () => startOnAgent(2000, {}, { start: startServerProcess });

exactnessSuite("exactness on the embedded agent, in short", start, {
  cycles: 20,
  large: 2,
  commands: 60,
  flood: 10_000_000,
  stuckMs: 1_000,
});
