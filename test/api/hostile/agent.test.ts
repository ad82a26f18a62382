import { describe } from "vitest";
import { runnersApart } from "../runners-apart.js";
import { startOnAgent } from "../start-agent.js";
import { hostileSuite } from "./suite.js";

describe.skipIf(!runnersApart)("where runners are apart from the machine", () => {
  hostileSuite("hostile runners and clients on the embedded agent", () => startOnAgent(3000));
});
