import { containerSuite } from "../containers/suite.js";
import { ownNamespace } from "./nomad-place.js";

containerSuite("containers of a real Nomad", async () => {
  const nomad = await ownNamespace("containers");
  return {
    nomad,
    image: process.env.POSEIDON_TEST_IMAGE ?? "poseidon-test:1",
    async reschedule(jobId) {
      const { ID } = await nomad.allocation(jobId);
      await nomad.must("POST", `/v1/allocation/${ID}/stop`);
    },
    stop: () => nomad.removeNamespace(),
  };
});
