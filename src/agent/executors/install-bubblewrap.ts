import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import type { Logger } from "../../telemetry/logger.js";
import { LAUNCHER_ENVIRONMENT } from "./environment.js";

const run = promisify(execFile);
const TIMEOUT_MS = 300_000;

/** Whether a program can be found where our launchers look for it. */
export function isInstalled(program: string, path: string = LAUNCHER_ENVIRONMENT.PATH ?? ""): boolean {
  return path.split(":").some((folder) => folder !== "" && existsSync(`${folder}/${program}`));
}

/** Installs bubblewrap where that is ours to do: as root, on a system with apt. Says what it does; false when there is none afterwards. */
export async function installBubblewrap(logger: Logger): Promise<boolean> {
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version") || !isInstalled("apt-get")) return false;
  logger.info("installing bubblewrap with apt-get, to run commands in sandboxes");
  const install = ["install", "-y", "--no-install-recommends", "bubblewrap"];
  const options = { timeout: TIMEOUT_MS, env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  for (const steps of [[install], [["update"], install]]) {
    try {
      for (const step of steps) await run("apt-get", ["-q", ...step], options);
      return isInstalled("bwrap");
    } catch (error) {
      logger.debug("apt-get failed", { error });
    }
  }
  logger.warn("bubblewrap could not be installed");
  return false;
}
