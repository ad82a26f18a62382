import { startOnAgent } from "../start-agent.js";
import { hostileSuite } from "./suite.js";

hostileSuite("hostile runners and clients on the embedded agent", () => startOnAgent(3000));
