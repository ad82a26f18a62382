import { nomadAddress, startOnNomad } from "../cluster/start-on-nomad.js";
import { exactnessSuite } from "./suite.js";

exactnessSuite(`exactness on a real Nomad at ${nomadAddress}`, () => startOnNomad(1000), {
  cycles: 100,
  large: 200,
  commands: 2_000,
  stuckMs: 20_000,
});
