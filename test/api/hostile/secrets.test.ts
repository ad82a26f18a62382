import { randomBytes } from "node:crypto";
import { startOnAgent } from "../start-agent.js";
import { secretSuite } from "./secrets.js";

const nomadToken = `agentToken${randomBytes(12).toString("hex")}`;

secretSuite("secrets, on the embedded agent", nomadToken, (variables, options) =>
  startOnAgent(3_200, { POSEIDON_NOMAD_TOKEN: nomadToken, ...variables }, options),
);
