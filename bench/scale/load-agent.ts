import { createAgent } from "../../src/agent/agent.js";
import { createNullExecutor } from "../../src/agent/executors/null.js";
import { silentLogger } from "../../src/telemetry/silent-logger.js";
import { cannedCommands } from "./canned-commands.js";

/** More than any load test places. */
const CAPACITY = { cpu: 10_000_000, memory: 10_000_000 };

/** The embedded agent of the load tests, as a process of its own: its runners have no processes. It ends with its standard input. */
async function main(): Promise<void> {
  const agent = createAgent({
    executor: createNullExecutor({ exec: cannedCommands() }),
    token: process.env["POSEIDON_NOMAD_TOKEN"] ?? "",
    logger: silentLogger,
    nodeCapacity: CAPACITY,
    faults: true,
  });
  const { address, port } = await agent.start();
  process.stdout.write(`the agent listens on http://${address}:${port}, its executor is null\n`);
  const end = (): void => void agent.stop().then(() => process.exit(0));
  process.stdin.on("end", end).on("error", end).resume();
  process.on("SIGTERM", end);
}

await main();
