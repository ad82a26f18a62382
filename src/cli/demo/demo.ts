import { randomBytes } from "node:crypto";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { installBubblewrap, isInstalled } from "../../agent/executors/install-bubblewrap.js";
import { untilAborted } from "../../lib/until-aborted.js";
import { silentLogger } from "../../telemetry/silent-logger.js";
import type { DemoCommand } from "../command.js";
import type { CliContext } from "../context.js";
import { ApiClient } from "./api-client.js";
import { claimRunner, ENVIRONMENT_ID } from "./claim-runner.js";
import { curlLines } from "./curl-lines.js";
import { DemoError } from "./errors.js";
import type { ExecutionEnd } from "./execution.js";
import { watchNpm } from "./npm-gone.js";
import { type Program, readProgram } from "./program.js";
import { downloadResults, showResults, writtenFiles } from "./results.js";
import { checkTools, type RunOptions, runProgram } from "./run-program.js";
import { type DemoServices, startServices } from "./services.js";
import { Steps } from "./steps.js";
import { Terminal } from "./terminal.js";

const EXAMPLE = fileURLToPath(new URL("../../../examples/hello.sh", import.meta.url));
/** What is typed for the example when nobody can type. */
const EXAMPLE_INPUT = "Ada\n";
/** An image with `bash`, a user `user` and `/sbin/setuser`; only the docker executor looks at it. */
const DEFAULT_IMAGE = "openhpi/co_execenv_python:3.8";

/**
 * `poseidon demo`: the whole way of a program, over the public API alone. Returns the program's exit code with `--once`, 1 when the
 * demo failed, 128 and the signal's number when it was interrupted on the way. Whatever happens, server, agent and runners are gone at
 * the end.
 */
export async function runDemo(command: DemoCommand, processContext: CliContext): Promise<number> {
  const npm = watchNpm(processContext.environment);
  const context = { ...processContext, stop: AbortSignal.any([processContext.stop, npm.gone]) };
  const terminal = new Terminal(context.output);
  let services: DemoServices | undefined;
  try {
    const program = await readProgram(command.file ?? EXAMPLE);
    await prepareMachine(command, { terminal, signal: context.stop });
    const tokens = { server: randomBytes(16).toString("hex"), agent: randomBytes(24).toString("hex") };
    const steps = new Steps(terminal);
    terminal.say(`Poseidon runs ${Terminal.safe(program.name)} in a runner. How long each step takes:`);
    services = await startServices(context, {
      executor: command.executor,
      dockerHost: command.dockerHost,
      tokens,
      steps,
      signal: context.stop,
    });
    return await show(command, context, { terminal, steps, program, services, token: tokens.server });
  } catch (error) {
    return explain(error, { terminal, stop: context.stop });
  } finally {
    npm.stop();
    context.input.pause();
    await services?.stop().catch((error) => terminal.say(`stopping failed: ${String(error)}`));
  }
}

interface Stage {
  readonly terminal: Terminal;
  readonly steps: Steps;
  readonly program: Program;
  readonly services: DemoServices;
  readonly token: string;
}

async function show(command: DemoCommand, context: CliContext, stage: Stage): Promise<number> {
  const { terminal, steps, program, services, token } = stage;
  const agentGone = new AbortController();
  void services.agentDied.then((reason) => agentGone.abort(new DemoError(reason)));
  const signal = AbortSignal.any([context.stop, agentGone.signal]);
  const api = new ApiClient({ base: services.base, token });

  const runnerId = await claimRunner({ api, steps, signal, image: command.image ?? DEFAULT_IMAGE });
  const run: RunOptions = { api, runnerId, token, program, signal };
  await steps.run("the files are copied", () => api.copy(runnerId, program.files, signal));
  await checkTools(run);

  terminal.say();
  const fallback = command.file === undefined ? EXAMPLE_INPUT : undefined;
  const end = await steps.run("the program has run", async () => {
    const result = await runProgram(run, { terminal, input: context.input, fallback });
    terminal.say();
    return result;
  });
  const files = await steps.run("its files are listed", async () =>
    writtenFiles(await api.list(runnerId, signal), program),
  );
  const results = await steps.run("they are downloaded", () =>
    downloadResults(api, files, { runnerId, signal }),
  );
  terminal.note(`  ${steps.summary()} in all`);
  terminal.say(ending(end));
  terminal.say(results.length === 0 ? "It wrote no files." : "It wrote:");
  showResults(terminal, results, files.length);
  if (command.once) return "exitCode" in end ? end.exitCode : 1;

  const target = { base: services.base, token, environmentId: ENVIRONMENT_ID, runnerId };
  terminal.say("\nThe server stays up until Ctrl-C. For the next try:\n");
  for (const line of curlLines(target)) terminal.say(line);
  await untilAborted(signal);
  if (agentGone.signal.aborted && !context.stop.aborted) throw agentGone.signal.reason;
  return 0;
}

const ending = (end: ExecutionEnd): string =>
  "exitCode" in end ? `It ended with code ${end.exitCode}.` : `It did not end by itself: ${end.failure}.`;

async function prepareMachine(
  { install, executor }: DemoCommand,
  { terminal, signal }: { readonly terminal: Terminal; readonly signal: AbortSignal },
): Promise<void> {
  const sandboxWanted = executor === undefined || executor === "sandbox";
  const say = (line: string): void => terminal.say(line);
  if (install && sandboxWanted && !isInstalled("bwrap"))
    await installBubblewrap({ ...silentLogger, info: say, warn: say });
  signal.throwIfAborted();
}

function explain(
  error: unknown,
  { terminal, stop }: { readonly terminal: Terminal; readonly stop: AbortSignal },
): number {
  if (stop.aborted) {
    terminal.say("interrupted");
    const name = stop.reason as NodeJS.Signals;
    return 128 + (constants.signals[name] ?? constants.signals.SIGINT);
  }
  terminal.say(`The demo failed: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
}
