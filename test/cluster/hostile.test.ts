import { secretSuite } from "../api/hostile/secrets.js";
import { hostileSuite } from "../api/hostile/suite.js";
import { nomadAddress, startOnNomad } from "./start-on-nomad.js";

hostileSuite(`hostile runners and clients on a real Nomad at ${nomadAddress}`, () => startOnNomad(5_000));
hostileSuite(`hostile runners and clients on a real Nomad at ${nomadAddress}, by the plain path`, () =>
  startOnNomad(5_100, { POSEIDON_NOMAD_WARM: "0" }),
);
const nomadToken = process.env["NOMAD_TOKEN"] ?? "";
secretSuite(`secrets, on a real Nomad at ${nomadAddress}`, nomadToken, (variables, options) =>
  startOnNomad(5_200, variables, options),
);
