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

// Nomad asks Docker every 100 ms whether a command has ended, and takes one that Docker has not started by then for one that ended with
// 0: on a busy machine an exec session can be over before it began.
describe(`a real Nomad at ${address}`, { retry: 2 }, () => contractSuite(() => target));
