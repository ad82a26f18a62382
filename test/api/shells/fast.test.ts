import { describe } from "vitest";
import { runnersApart } from "../runners-apart.js";
import { startOnAgent } from "../start-agent.js";
import { shellSuite } from "./suite.js";

describe.skipIf(!runnersApart)("where runners are apart from the machine", () => {
  shellSuite("runner shells on the embedded agent, by the fast path", () => startOnAgent(2100));
});
