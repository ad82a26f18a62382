import { apiSuite } from "../api/suite.js";
import { nomadAddress, startOnNomad } from "./start-on-nomad.js";

apiSuite(`the API on a real Nomad at ${nomadAddress}`, () => startOnNomad(71_000));
