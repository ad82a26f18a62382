import type { LogDestination } from "../../src/telemetry/standard-error.js";
import { type Start, startServer } from "../api/start-server.js";
import type { StartedTarget } from "../api/suite.js";
import { ownNamespace } from "./nomad-place.js";

/** Where the real Nomad of the tests is. */
export const nomadAddress = process.env.NOMAD_ADDR ?? "http://127.0.0.1:4646";

/**
 * Starts a server on the real Nomad, with `variables` over the defaults, in a namespace of its own: it would take over the runners of any other suite that
 * runs beside it. Environments from `firstEnvironmentId` on are the suite's. Its log lines go to `log`, by default to standard error.
 */
export async function startOnNomad<Started extends StartedTarget = StartedTarget>(
  firstEnvironmentId: number,
  variables: Readonly<Record<string, string>> = {},
  options: { readonly log?: LogDestination; readonly start?: Start<Started> } = {},
): Promise<Started> {
  const { hostname, port } = new URL(nomadAddress);
  const start = options.start ?? (startServer as Start<Started>);
  const nomad = await ownNamespace(`suite-${firstEnvironmentId}`);
  return await start(
    {
      POSEIDON_NOMAD_ADDRESS: hostname,
      POSEIDON_NOMAD_PORT: port,
      POSEIDON_NOMAD_TOKEN: process.env.NOMAD_TOKEN ?? "",
      POSEIDON_NOMAD_NAMESPACE: nomad.place.namespace,
      POSEIDON_NOMAD_DISABLEFORCEPULL: "true",
      ...variables,
    },
    {
      image: process.env.POSEIDON_TEST_IMAGE ?? "poseidon-test:1",
      firstEnvironmentId,
      twoUsers: true,
      mapsPorts: true,
    },
    { ...options, alsoStop: () => nomad.removeNamespace() },
  );
}
