import { parseArgs } from "node:util";
import { type Command, EXECUTORS, type ExecutorName } from "./command.js";

/** The command line cannot be understood; the message is one line for the terminal. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const GLOBAL = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const;
const SERVE = {
  ...GLOBAL,
  config: { type: "string" },
  "check-config": { type: "boolean" },
} as const;
const DOCTOR = { ...GLOBAL, config: { type: "string" }, image: { type: "string" } } as const;
const AGENT = {
  ...GLOBAL,
  executor: { type: "string" },
  "docker-host": { type: "string" },
  port: { type: "string" },
  cpu: { type: "string" },
  memory: { type: "string" },
  faults: { type: "boolean" },
  "exit-with-stdin": { type: "boolean" },
} as const;
const DEMO = {
  ...GLOBAL,
  executor: { type: "string" },
  "docker-host": { type: "string" },
  image: { type: "string" },
  once: { type: "boolean" },
  "no-install": { type: "boolean" },
} as const;

/**
 * Reads the command line (configuration.md): without a command it is `serve`; `-config` is `--config`, as the Go service has it.
 * @throws UsageError
 */
export function parseArguments(argv: readonly string[]): Command {
  const args = argv.map((arg) => (/^-config(=|$)/.test(arg) ? `-${arg}` : arg));
  const { tokens } = parseArgs({
    args,
    options: { ...SERVE, ...DOCTOR, ...AGENT, ...DEMO },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const name = tokens.find((token) => token.kind === "positional");
  const rest = args.filter((_, index) => index !== name?.index);
  switch (name?.value ?? "serve") {
    case "serve":
      return serveCommand(rest);
    case "doctor":
      return doctorCommand(rest);
    case "agent":
      return agentCommand(rest);
    case "demo":
      return demoCommand(rest);
    case "help":
      return { kind: "help" };
    case "version":
      return { kind: "version" };
    default:
      throw new UsageError(`there is no command ${JSON.stringify(name?.value)}`);
  }
}

function serveCommand(args: readonly string[]): Command {
  const { values } = understand(() => parseArgs({ args: [...args], options: SERVE }));
  if (values.config === "") throw new UsageError("--config needs the path of a file");
  return (
    general(values) ?? { kind: values["check-config"] ? "check-config" : "serve", config: values.config }
  );
}

function doctorCommand(args: readonly string[]): Command {
  const { values } = understand(() => parseArgs({ args: [...args], options: DOCTOR }));
  return general(values) ?? { kind: "doctor", config: values.config, image: values.image };
}

function agentCommand(args: readonly string[]): Command {
  const { values } = understand(() => parseArgs({ args: [...args], options: AGENT }));
  return (
    general(values) ?? {
      kind: "agent",
      executor: executor(values.executor),
      dockerHost: values["docker-host"],
      port: number("port", values.port, [0, 65_535]) ?? 4646,
      faults: values.faults ?? false,
      cpu: number("cpu", values.cpu, [1, 1e9]),
      memory: number("memory", values.memory, [1, 1e9]),
      exitWithInput: values["exit-with-stdin"] ?? false,
    }
  );
}

function demoCommand(args: readonly string[]): Command {
  const { values, positionals } = understand(() =>
    parseArgs({ args: [...args], options: DEMO, allowPositionals: true }),
  );
  const [file, second] = positionals;
  if (second !== undefined) throw new UsageError("demo takes one FILE");
  return (
    general(values) ?? {
      kind: "demo",
      file,
      executor: executor(values.executor),
      dockerHost: values["docker-host"],
      image: values.image,
      once: values.once ?? false,
      install: !values["no-install"],
    }
  );
}

function general(values: { readonly help?: boolean; readonly version?: boolean }): Command | undefined {
  if (values.help) return { kind: "help" };
  return values.version ? { kind: "version" } : undefined;
}

/** Turns parseArgs' errors into ours: their first sentence says it, the others are about the library. */
function understand<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.split(/\.? To specify|\n/, 1)[0] ?? message);
  }
}

function executor(text: string | undefined): ExecutorName | undefined {
  const name = EXECUTORS.find((known) => known === text);
  if (text !== undefined && name === undefined)
    throw new UsageError(`--executor is one of ${EXECUTORS.join(", ")}, not ${JSON.stringify(text)}`);
  return name;
}

function number(
  name: string,
  text: string | undefined,
  [min, max]: readonly [number, number],
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} is an integer from ${min} to ${max}, not ${JSON.stringify(text)}`);
}
