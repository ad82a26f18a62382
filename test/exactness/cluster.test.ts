import { nomadAddress, startOnNomad } from "../cluster/start-on-nomad.js";
import { startServerProcess } from "./server-process.js";
import { exactnessSuite } from "./suite.js";

const start = () => startOnNomad(72_000, {}, { start: startServerProcess });
const full = process.env.POSEIDON_TEST_FULL === "1";

exactnessSuite(`exactness on a real Nomad at ${nomadAddress}`, start, {
  cycles: 100,
  large: full ? 200 : 20,
  commands: full ? 2_000 : 400,
  flood: 100_000_000,
  stuckMs: 20_000,
});
