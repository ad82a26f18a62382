import { spawn } from "node:child_process";
import { LAUNCHER_ENVIRONMENT } from "./environment.js";

const TIMEOUT_MS = 5000;

/** Runs a small command without input or output; resolves when it has ended, however it did. */
export function runQuietly(
  command: readonly string[],
  ids: { readonly uid?: number; readonly gid?: number } = {},
): Promise<void> {
  const [program = "", ...flags] = command;
  return new Promise((resolve) => {
    const child = spawn(program, flags, {
      cwd: "/",
      env: { ...LAUNCHER_ENVIRONMENT },
      stdio: "ignore",
      detached: true,
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
      ...ids,
    });
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
}
