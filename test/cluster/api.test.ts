import { startServer } from "../api/start-server.js";
import { apiSuite } from "../api/suite.js";

const { hostname, port } = new URL(process.env.NOMAD_ADDR ?? "http://127.0.0.1:4646");

apiSuite(`the API on a real Nomad at ${hostname}:${port}`, () =>
  startServer(
    {
      POSEIDON_NOMAD_ADDRESS: hostname,
      POSEIDON_NOMAD_PORT: port,
      POSEIDON_NOMAD_TOKEN: process.env.NOMAD_TOKEN ?? "",
      POSEIDON_NOMAD_DISABLEFORCEPULL: "true",
    },
    {
      image: process.env.POSEIDON_TEST_IMAGE ?? "poseidon-test:1",
      firstEnvironmentId: 71_000,
      twoUsers: true,
      mapsPorts: true,
    },
  ),
);
