import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { untilAborted } from "../../lib/until-aborted.js";
import { withDeadline } from "../../lib/with-deadline.js";
import { AGENT_LINE } from "../agent.js";
import type { ExecutorName } from "../command.js";
import { DemoError } from "./errors.js";

const START_TIMEOUT = 30_000;
const STOP_TIMEOUT = 10_000;

/** The embedded agent as a process of its own. */
export interface AgentProcess {
  readonly address: string;
  readonly port: number;
  /** Resolves with a reason when the process ends by itself. */
  readonly died: Promise<string>;
  /** Ends the process, its tasks with it. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts `poseidon agent` on a free port. It ends with this process, however that dies, since its standard input is a pipe of ours; and
 * it is out of the terminal's group, so that Ctrl-C reaches only the demo, whose clean stop needs the agent.
 * @throws DemoError when it does not come up.
 */
export async function startAgentProcess(options: {
  readonly mainPath: string;
  readonly token: string;
  readonly executor: ExecutorName | undefined;
  readonly dockerHost: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}): Promise<AgentProcess> {
  const { mainPath, token, executor, dockerHost, environment, signal } = options;
  const chosen = [
    ...(executor === undefined ? [] : ["--executor", executor]),
    ...(dockerHost === undefined ? [] : ["--docker-host", dockerHost]),
  ];
  const child = spawn(process.execPath, [mainPath, "agent", "--port", "0", "--exit-with-stdin", ...chosen], {
    env: { ...environment, POSEIDON_NOMAD_TOKEN: token },
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  child.stdin.on("error", () => undefined);
  const ended = endOf(child);
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await withDeadline(STOP_TIMEOUT, (late) => Promise.race([ended, untilAborted(late)]));
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await ended;
  };

  try {
    const url = await withDeadline(
      START_TIMEOUT,
      (late) => Promise.race([agentUrl(child.stdout), ended.then(() => undefined), untilAborted(late)]),
      { signal },
    );
    signal.throwIfAborted();
    if (url === undefined) throw new DemoError("the agent did not start (its own words are above)");
    child.stdout.resume();
    return { address: url.hostname, port: Number(url.port), died: ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function endOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(child, "exit");
    return signal === null ? `the agent ended with code ${code}` : `the agent was ended by ${signal}`;
  } catch (error) {
    return `the agent could not be started: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Reads the agent's output up to the line that tells its address; undefined when it ends before. */
function agentUrl(output: Readable): Promise<URL | undefined> {
  return new Promise((resolve) => {
    let text = "";
    output.on("data", (chunk: Buffer) => {
      if (text.length > 65_536) return;
      text += chunk.toString();
      const address = AGENT_LINE.exec(text)?.[1];
      if (address !== undefined) resolve(new URL(address));
    });
    output.once("end", () => resolve(undefined));
  });
}
