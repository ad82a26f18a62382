import { startOnAgent } from "./start-agent.js";
import { apiSuite } from "./suite.js";

apiSuite("the API on the embedded agent", () => startOnAgent(1000));
