import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "./errors.js";
import { type ResolvedConfig, resolveConfig } from "./resolve.js";

const DEFAULT_PATH = "configuration.yaml";

/** Where the configuration comes from. */
export interface LoadOptions {
  /** The file named on the command line; it must be there. Without it `./configuration.yaml`, which may be missing. */
  readonly path: string | undefined;
  /** The folder of `configuration.yaml`; the working directory by default. */
  readonly folder?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the file and resolves it with the variables and the defaults (configuration.md).
 * @throws ConfigError when the file cannot be read, or a value is wrong.
 */
export async function loadConfig({ path, folder = ".", environment }: LoadOptions): Promise<ResolvedConfig> {
  const source = path ?? join(folder, DEFAULT_PATH);
  const text = await readFile(source, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (path === undefined && error.code === "ENOENT") return undefined;
    const allowed = `the configuration file cannot be read (${error.code ?? error.message})`;
    throw new ConfigError([{ key: undefined, value: "", allowed, source }]);
  });
  return resolveConfig({
    file: { path: source, text },
    environment,
    randomToken: () => randomBytes(16).toString("hex"),
  });
}
