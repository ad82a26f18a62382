import { createAgent } from "../../src/agent/agent.js";
import { chooseExecutor } from "../../src/agent/executors/choose.js";
import { createLogger } from "../../src/telemetry/create-logger.js";
import { silentLogger } from "../../src/telemetry/silent-logger.js";
import type { LogDestination } from "../../src/telemetry/standard-error.js";
import { type Start, startServer } from "./start-server.js";
import type { StartedTarget } from "./suite.js";

const TOKEN = "token of the agent";

/**
 * Starts an embedded agent that loses output as Nomad does, and a server on it with `variables` over the defaults. Environments from
 * `firstEnvironmentId` on are the suite's. With `log` everything that both log, at every level, goes there.
 */
export async function startOnAgent<Started extends StartedTarget = StartedTarget>(
  firstEnvironmentId: number,
  variables: Readonly<Record<string, string>> = {},
  options: { readonly log?: LogDestination; readonly start?: Start<Started> } = {},
): Promise<Started> {
  const { log } = options;
  const logger =
    log === undefined
      ? silentLogger
      : createLogger({ level: "trace", formatter: "JSONFormatter", destination: log });
  const token = variables["POSEIDON_NOMAD_TOKEN"] ?? TOKEN;
  const executor = await chooseExecutor({ logger });
  const agent = createAgent({ executor, token, logger, emulateExecTruncation: true });
  const { address, port } = await agent.start();
  const start = options.start ?? (startServer as Start<Started>);
  return start(
    {
      POSEIDON_NOMAD_ADDRESS: address,
      POSEIDON_NOMAD_PORT: String(port),
      POSEIDON_NOMAD_TOKEN: token,
      POSEIDON_NOMAD_DISABLEFORCEPULL: "true",
      ...variables,
    },
    {
      image: "any",
      firstEnvironmentId,
      twoUsers: executor.name === "sandbox" && process.getuid?.() === 0,
      sharesMachine: executor.name === "process",
      mapsPorts: false,
    },
    { ...options, alsoStop: () => agent.stop() },
  );
}
