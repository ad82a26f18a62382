import type { CliContext } from "../context.js";
import type { ApiClient } from "./api-client.js";
import { DemoError } from "./errors.js";
import { type ExecutionEnd, openExecution } from "./execution.js";
import { forwardInput } from "./input.js";
import type { Program } from "./program.js";
import type { Terminal } from "./terminal.js";

/** What runs where. */
export interface RunOptions {
  readonly api: ApiClient;
  readonly runnerId: string;
  readonly token: string;
  readonly program: Program;
  readonly signal: AbortSignal;
}

/**
 * Looks whether the runner has what the program needs.
 * @throws DemoError naming what is missing.
 */
export async function checkTools({ api, runnerId, token, program, signal }: RunOptions): Promise<void> {
  const command = `for t in ${program.tools.join(" ")}; do command -v $t >/dev/null || echo missing:$t; done`;
  const url = await api.execute(runnerId, command, signal);
  let output = "";
  const { ended } = openExecution({
    url,
    token,
    onOutput: (_, text) => {
      output = (output + text).slice(0, 4096);
    },
    signal,
  });
  await ended;
  const missing = program.tools.filter((tool) => output.includes(`missing:${tool}`));
  if (missing.length > 0)
    throw new DemoError(
      `the runner has no ${missing.join(" and no ")}, which ${program.name} needs: install it on this machine ` +
        "(with the docker executor: take another --image), or choose another FILE",
    );
}

/** Runs the program, shows what it prints as it comes, and hands it what is typed. */
export async function runProgram(
  options: RunOptions,
  {
    terminal,
    input,
    fallback,
  }: {
    readonly terminal: Terminal;
    readonly input: CliContext["input"];
    readonly fallback: string | undefined;
  },
): Promise<ExecutionEnd> {
  const { api, runnerId, token, program, signal } = options;
  // A person's own terminal shows what is typed; the runner's need not repeat it.
  const quiet = input.isTTY === true ? "stty -echo 2>/dev/null; " : "";
  const url = await api.execute(runnerId, `${quiet}${program.command}`, signal);
  const onOutput = (stream: "stdout" | "stderr", text: string): void => terminal[stream](text);
  const execution = openExecution({ url, token, onOutput, signal });
  await execution.started;
  const onFallback = (): void => {
    terminal.note(`  (nobody typed anything, so the demo types ${JSON.stringify(fallback?.trimEnd())})`);
  };
  const stopInput = forwardInput({ input, execution, fallback, onFallback });
  try {
    return await execution.ended;
  } finally {
    stopInput();
  }
}
