import { createPlainShell } from "../../../../src/shell/plain/plain-shell.js";
import type {
  CommandEnd,
  CommandRequest,
  RunnerShell,
  RunningCommand,
} from "../../../../src/shell/runner-shell.js";
import type { Logger } from "../../../../src/telemetry/logger.js";
import { LocalOpener } from "./local-opener.js";
import { Sandbox } from "./sandbox.js";

/** A logger that keeps the warnings. */
export function keepingLogger(): { readonly logger: Logger; readonly warnings: string[] } {
  const warnings: string[] = [];
  const none = () => undefined;
  const logger: Logger = {
    trace: none,
    debug: none,
    info: none,
    warn: (message) => warnings.push(message),
    error: none,
    child: () => logger,
  };
  return { logger, warnings };
}

/** A sandbox with a plain shell on it. */
export interface Harness {
  readonly sandbox: Sandbox;
  readonly opener: LocalOpener;
  readonly shell: RunnerShell;
  readonly warnings: readonly string[];
}

export async function startHarness(
  options: { readonly separateStderr?: boolean; readonly readOnlyTmp?: boolean } = {},
): Promise<Harness> {
  const { logger, warnings } = keepingLogger();
  const sandbox = await Sandbox.start({ readOnlyTmp: options.readOnlyTmp ?? false });
  const opener = new LocalOpener(sandbox);
  const shell = createPlainShell({
    opener,
    target: () => ({ allocationId: "allocation", nodeId: "node" }),
    separateStderr: options.separateStderr ?? true,
    logger,
  });
  return { sandbox, opener, shell, warnings };
}

/** What a command did. */
export interface Outcome {
  readonly end: CommandEnd;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. `onOutput` sees each chunk. */
export async function run(
  shell: RunnerShell,
  command: string,
  options: Partial<CommandRequest> & {
    readonly input?: string | Buffer;
    readonly onStart?: (command: RunningCommand) => void;
    readonly onOutput?: (chunk: string, command: RunningCommand) => void;
  } = {},
): Promise<Outcome> {
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  return new Promise((resolve, reject) => {
    let running: RunningCommand | undefined;
    const request = {
      command,
      environment: options.environment ?? {},
      privileged: options.privileged ?? false,
    };
    shell
      .execute(request, {
        onOutput: (stream, chunk) => {
          chunks[stream].push(chunk);
          if (running !== undefined) options.onOutput?.(chunk.toString(), running);
        },
        onEnd: (end) =>
          resolve({
            end,
            stdout: Buffer.concat(chunks.stdout).toString(),
            stderr: Buffer.concat(chunks.stderr).toString(),
          }),
        onDrain: () => undefined,
      })
      .then((command) => {
        running = command;
        if (options.input !== undefined) command.write(Buffer.from(options.input));
        options.onStart?.(command);
      }, reject);
  });
}
