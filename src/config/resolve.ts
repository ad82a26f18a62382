import { isDeepStrictEqual } from "node:util";
import { crossProblems } from "./cross-checks.js";
import { ConfigError } from "./errors.js";
import { fileLayer, type Layer, variableLayer } from "./layers.js";
import { type Config, type ConfigKey, configKeys, configSchema } from "./schema.js";
import { parseYamlFile } from "./yaml-file.js";

/** A line for the log that is written once there is a logger. */
export interface ConfigNotice {
  readonly level: "info" | "warn";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A configuration that can be used, and what is worth saying about it. */
export interface ResolvedConfig {
  readonly config: Config;
  readonly notices: readonly ConfigNotice[];
}

/** Everything that decides a configuration. */
export interface ConfigSources {
  /** `text` is undefined where there is no file. */
  readonly file: { readonly path: string; readonly text: string | undefined };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Makes the `server.loggingfiltertoken` of a configuration without one. */
  readonly randomToken: () => string;
}

/**
 * Variables over file over defaults; a list in a variable is added to the file's (configuration.md).
 * @throws ConfigError with every wrong value.
 */
export function resolveConfig({ file, environment, randomToken }: ConfigSources): ResolvedConfig {
  const fromFile = fileLayer(parse(file), file.path);
  const fromVariables = variableLayer(environment);
  const values = new Map([...fromFile.values, ...fromVariables.values]);
  for (const key of configKeys) {
    const [first, second] = [fromFile.values.get(key.name), fromVariables.values.get(key.name)];
    if (key.kind === "texts" && Array.isArray(first) && Array.isArray(second))
      values.set(key.name, [...first, ...second]);
  }

  const changed = configKeys.filter((key) => isChanged(key, values));
  const problems = [...fromFile.problems, ...fromVariables.problems];
  if (problems.length > 0) throw new ConfigError(problems);

  const config = finish(configSchema.parse(nest(values)), randomToken);
  const crossed = crossProblems(config).map((problem) => ({ ...problem, value: "", source: file.path }));
  if (crossed.length > 0) throw new ConfigError(crossed);
  return { config, notices: [...notices(file, fromFile, fromVariables), ...laterNotices(changed)] };
}

function parse({ path, text }: ConfigSources["file"]): ReturnType<typeof parseYamlFile> {
  if (text === undefined) return {};
  try {
    return parseYamlFile(text);
  } catch (error) {
    const allowed = error instanceof Error ? error.message : String(error);
    throw new ConfigError([{ key: undefined, value: "", allowed, source: path }]);
  }
}

const isChanged = (key: ConfigKey, values: ReadonlyMap<string, unknown>): boolean =>
  values.has(key.name) && !isDeepStrictEqual(values.get(key.name), key.schema.parse(undefined));

/** Turns `server.port` → 1 into `{ server: { port: 1 } }`. */
function nest(values: ReadonlyMap<string, unknown>): Readonly<Record<string, unknown>> {
  const root: Record<string, unknown> = {};
  for (const { path, name } of configKeys) {
    if (!values.has(name)) continue;
    let section = root;
    for (const part of path.slice(0, -1)) {
      section[part] ??= {};
      section = section[part] as Record<string, unknown>;
    }
    section[path.at(-1) ?? ""] = values.get(name);
  }
  return root;
}

/** What an empty or bracketed text stands for. */
function finish(config: Config, randomToken: () => string): Config {
  const { server, nomad } = config;
  return {
    ...config,
    server: {
      ...server,
      address: withoutBrackets(server.address),
      loggingfiltertoken: server.loggingfiltertoken || randomToken(),
    },
    nomad: {
      ...nomad,
      address: withoutBrackets(nomad.address),
      namespace: nomad.namespace || "default",
    },
  };
}

const withoutBrackets = (address: string): string => address.replace(/^\[(.*)\]$/, "$1");

function notices(file: ConfigSources["file"], fromFile: Layer, fromVariables: Layer): ConfigNotice[] {
  const list: ConfigNotice[] =
    file.text === undefined
      ? [{ level: "info", message: "no configuration file, defaults hold", fields: { path: file.path } }]
      : [{ level: "info", message: "configuration file read", fields: { path: file.path } }];
  for (const key of fromFile.unknown)
    list.push({ level: "warn", message: "unknown configuration key", fields: { key, path: file.path } });
  for (const variable of fromVariables.unknown)
    list.push({ level: "warn", message: "variable matches no configuration key", fields: { variable } });
  return list;
}

function laterNotices(changed: readonly ConfigKey[]): ConfigNotice[] {
  const keys = changed.filter((key) => key.later).map((key) => key.name);
  if (keys.length === 0) return [];
  const message = "these configuration keys have no effect yet";
  return [{ level: "warn", message, fields: { keys: keys.join(", ") } }];
}
