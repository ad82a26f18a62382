import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { type Program, startProgram } from "./program.js";
import type { NomadTarget } from "./server.js";

/** An embedded agent in a process of its own. */
export interface RunningAgent extends NomadTarget {
  readonly pid: number;
  /** `sandbox`, `process`, … */
  readonly executor: string;
  stop(): Promise<void>;
}

const LISTENS = /the agent listens on http:\/\/([\d.]+):(\d+), its executor is (\w+)/;

/** Starts the built agent with the executor that works here, or with the named one. */
export function startAgent(options: {
  readonly executor?: string | undefined;
  readonly signal: AbortSignal;
}): Promise<RunningAgent> {
  const { executor, signal } = options;
  const chosen = executor === undefined ? [] : ["--executor", executor];
  return start({ arguments: ["agent", "--port", "0", "--exit-with-stdin", ...chosen], signal });
}

/** Starts the agent of the load tests: runners without processes, commands that print as they are asked to. */
export function startLoadAgent(options: { readonly signal: AbortSignal }): Promise<RunningAgent> {
  const file = fileURLToPath(new URL("../scale/load-agent.js", import.meta.url));
  return start({ file, arguments: [], ...options });
}

async function start(options: {
  readonly file?: string;
  readonly arguments: readonly string[];
  readonly signal: AbortSignal;
}): Promise<RunningAgent> {
  const token = randomBytes(16).toString("hex");
  const program: Program = await startProgram({
    ...options,
    environment: { POSEIDON_NOMAD_TOKEN: token, POSEIDON_LOGGER_LEVEL: "error" },
    readyLine: LISTENS,
  });
  const [, host = "", port = "", executor = ""] = program.ready;
  return { host, port: Number(port), token, pid: program.pid, executor, stop: program.stop };
}
