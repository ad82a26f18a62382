import { startOnAgent } from "../start-agent.js";
import { shellSuite } from "./suite.js";

shellSuite("runner shells on the embedded agent, by the fast path", () => startOnAgent(2100));
