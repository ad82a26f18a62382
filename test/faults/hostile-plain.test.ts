import { describe } from "vitest";
import { hostileSuite } from "../api/hostile/suite.js";
import { runnersApart } from "../api/runners-apart.js";
import { startOnAgent } from "../api/start-agent.js";

// Without warm runners each step is in an exec session of its own: the plain path.
describe.skipIf(!runnersApart)("where runners are apart from the machine", () => {
  hostileSuite("hostile runners and clients on the embedded agent, by the plain path", () =>
    startOnAgent(3100, { POSEIDON_NOMAD_WARM: "0" }),
  );
});
