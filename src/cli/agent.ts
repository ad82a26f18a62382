import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import { ConfigError } from "../config/errors.js";
import { resolveConfig } from "../config/resolve.js";
import { untilAborted } from "../lib/until-aborted.js";
import { createLogger } from "../telemetry/create-logger.js";
import type { Logger } from "../telemetry/logger.js";
import type { AgentCommand } from "./command.js";
import type { CliContext } from "./context.js";

/** The line that tells a parent process where the agent is. */
export const AGENT_LINE = /^the agent listens on (http:\/\/\S+:\d+),/m;

/**
 * `poseidon agent`: runs the embedded agent until a signal asks to stop (agent.md). Its token is POSEIDON_NOMAD_TOKEN; where that is
 * unset a random one is made and printed to the terminal, never to the log.
 */
export async function runAgent(command: AgentCommand, context: CliContext): Promise<number> {
  const { environment, output, parts } = context;
  const logger = agentLogger(context);
  if (logger === undefined) return 1;
  const given = environment.POSEIDON_NOMAD_TOKEN ?? "";
  const token = given === "" ? randomBytes(24).toString("hex") : given;
  const stop = command.exitWithInput
    ? AbortSignal.any([context.stop, inputEnd(context.input)])
    : context.stop;

  try {
    const dockerHost = command.dockerHost ?? environment.DOCKER_HOST;
    const executor = await parts.chooseExecutor({ name: command.executor, dockerHost, logger });
    const agent = await parts.createAgent({
      executor,
      token,
      logger,
      port: command.port,
      ...capacityOf(command),
      faults: command.faults,
    });
    try {
      const { address, port } = await agent.start();
      const host = address.includes(":") ? `[${address}]` : address;
      output.write(`the agent listens on http://${host}:${port}, its executor is ${executor.name}\n`);
      if (given === "") output.write(`for the server: export POSEIDON_NOMAD_TOKEN=${token}\n`);
      await untilAborted(stop);
      return 0;
    } finally {
      await agent.stop();
    }
  } catch (error) {
    logger.error("the agent failed", { error });
    return 1;
  }
}

/** The variables of `logger.*` count for the agent too, the others are the server's. Undefined, and said, when one is wrong. */
function agentLogger({ environment, errors }: CliContext): Logger | undefined {
  const own = Object.entries(environment).filter(([name]) => name.startsWith("POSEIDON_LOGGER_"));
  try {
    const { config } = resolveConfig({
      file: { path: "", text: undefined },
      environment: Object.fromEntries(own),
      randomToken: () => "",
    });
    return createLogger(config.logger).child({ package: "agent" });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    errors.write(`${error.message}\n`);
    return undefined;
  }
}

/** The agent's own defaults (options.ts) where one of the two is not given. */
const capacityOf = ({ cpu = 100_000, memory = 1_000_000 }: AgentCommand) => ({
  nodeCapacity: { cpu, memory },
});

function inputEnd(input: Readable): AbortSignal {
  const ended = new AbortController();
  for (const event of ["end", "close", "error"]) input.once(event, () => ended.abort());
  input.resume();
  return ended.signal;
}
