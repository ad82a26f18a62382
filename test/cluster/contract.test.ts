import { describe } from "vitest";
import { contractSuite } from "../contract/suite.js";
import type { Target } from "../contract/target.js";

const address = process.env.NOMAD_ADDR ?? "http://127.0.0.1:4646";

const target: Target = {
  address,
  token: process.env.NOMAD_TOKEN,
  image: process.env.POSEIDON_TEST_IMAGE ?? "poseidon-test:1",
  driver: "docker",
  canRun: true,
  hasWorkspace: true,
  isDocker: true,
  canRunOutOfMemory: true,
  prefix: `88${process.pid}-contract-`,
};

describe(`a real Nomad at ${address}`, () => contractSuite(() => target));
