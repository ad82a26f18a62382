import { shellSuite } from "../api/shells/suite.js";
import { apiSuite } from "../api/suite.js";
import { nomadAddress, startOnNomad } from "./start-on-nomad.js";

const plain = { POSEIDON_NOMAD_WARM: "0" };

apiSuite(`the API on a real Nomad at ${nomadAddress}, by the plain path`, () => startOnNomad(2_300, plain));
shellSuite(`runner shells on a real Nomad at ${nomadAddress}, by the fast path`, () => startOnNomad(2_400));
shellSuite(`runner shells on a real Nomad at ${nomadAddress}, by the plain path`, () =>
  startOnNomad(2_500, plain),
);
