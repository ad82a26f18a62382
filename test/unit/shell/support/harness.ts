import { createPlainShell } from "../../../../src/shell/plain/plain-shell.js";
import { Openings } from "../../../../src/shell/resident/openings.js";
import { createResidentShell } from "../../../../src/shell/resident/resident-shell.js";
import { Residents } from "../../../../src/shell/resident/residents.js";
import type {
  CommandEnd,
  CommandPath,
  CommandRequest,
  RunnerShell,
  RunningCommand,
} from "../../../../src/shell/runner-shell.js";
import type { Logger } from "../../../../src/telemetry/logger.js";
import { until } from "../../../support/until.js";
import { LocalOpener } from "./local-opener.js";
import { Sandbox } from "./sandbox.js";

/** A logger that keeps warnings and what is told at info. */
export function keepingLogger(): {
  readonly logger: Logger;
  readonly warnings: string[];
  readonly infos: string[];
} {
  const warnings: string[] = [];
  const infos: string[] = [];
  const none = () => undefined;
  const logger: Logger = {
    trace: none,
    debug: none,
    info: (message) => infos.push(message),
    warn: (message) => warnings.push(message),
    error: none,
    child: () => logger,
  };
  return { logger, warnings, infos };
}

/** Which way commands and file operations are to take. */
export type Path = CommandPath;

/** Both ways, for suites that run on each. */
export const paths: readonly Path[] = ["plain", "fast"];

/** What a fast image has beside what every image has. */
const fastTools = ["head", "stty"];

/** A sandbox with a shell on it. */
export interface Harness {
  readonly sandbox: Sandbox;
  readonly opener: LocalOpener;
  readonly shell: RunnerShell;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** The paths that commands took. */
  readonly taken: readonly Path[];
  /** Resolves when the next step takes the harness's path. */
  ready(): Promise<unknown>;
  /** Runs a command on the harness's path. */
  run(command: string, options?: Parameters<typeof run>[2]): Promise<Outcome>;
}

export async function startHarness(
  options: {
    readonly path?: Path;
    readonly separateStderr?: boolean;
    readonly readOnlyTmp?: boolean;
    readonly tools?: readonly string[];
    readonly without?: readonly string[];
    readonly scripts?: Readonly<Record<string, string>>;
  } = {},
): Promise<Harness> {
  const { path = "plain", tools = path === "fast" ? fastTools : [] } = options;
  const { logger, warnings, infos } = keepingLogger();
  const sandbox = await Sandbox.start({ ...options, tools });
  const opener = new LocalOpener(sandbox);
  const context = {
    opener,
    target: () => ({ allocationId: "allocation", nodeId: "node" }),
    separateStderr: options.separateStderr ?? true,
    logger,
  };
  const shell =
    path === "plain"
      ? createPlainShell(context)
      : createResidentShell(
          { ...context, residents: new Residents(), openings: new Openings() },
          { clean: true },
        );
  const taken: Path[] = [];
  const recording: RunnerShell = {
    ...shell,
    async execute(request, handlers, how) {
      const command = await shell.execute(request, handlers, how);
      taken.push(command.path);
      return command;
    },
  };
  shell.warm({ keep: true });
  const ready = async () => path === "plain" || until("warm sessions", () => shell.isWarm());
  return {
    ...{ sandbox, opener, shell: recording, warnings, infos, taken, ready },
    async run(command, how) {
      await ready();
      return run(recording, command, how);
    },
  };
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
    const early: string[] = [];
    const request = {
      command,
      environment: options.environment ?? {},
      privileged: options.privileged ?? false,
    };
    shell
      .execute(request, {
        onOutput: (stream, chunk) => {
          chunks[stream].push(chunk);
          // The first output can come before the word that it was started.
          if (running === undefined) early.push(chunk.toString());
          else options.onOutput?.(chunk.toString(), running);
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
        if (early.length > 0) options.onOutput?.(early.join(""), command);
      }, reject);
  });
}
