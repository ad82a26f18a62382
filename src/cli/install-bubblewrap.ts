import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

const INSTALL_TIMEOUT = 300_000;

/** Whether a program is in one of PATH's folders. */
export async function hasProgram(name: string, path = process.env.PATH ?? ""): Promise<boolean> {
  for (const folder of path.split(delimiter).filter((part) => part !== "")) {
    const found = await access(join(folder, name), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

/**
 * Installs bubblewrap, which the agent's sandbox needs, where it is missing and this is root on a system with apt-get (agent.md). Says
 * what it does; where it cannot or must not, the agent itself goes on without and says what to install.
 */
export async function installBubblewrap(options: {
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
}): Promise<void> {
  const { say, signal } = options;
  if (process.getuid?.() !== 0 || (await hasProgram("bwrap")) || !(await hasProgram("apt-get"))) return;
  say("bubblewrap is missing, which the sandbox needs: installing it with apt-get");
  const install = ["install", "-y", "--no-install-recommends", "bubblewrap"];
  const done =
    (await aptGet(install, signal)) ||
    ((await aptGet(["update"], signal)) && (await aptGet(install, signal)));
  say(done ? "bubblewrap is installed" : "apt-get could not install bubblewrap");
}

async function aptGet(args: readonly string[], signal: AbortSignal | undefined): Promise<boolean> {
  try {
    const child = spawn("apt-get", ["-q", ...args], {
      stdio: "ignore",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      timeout: INSTALL_TIMEOUT,
      ...(signal === undefined ? {} : { signal }),
    });
    const [code] = await once(child, "exit");
    return code === 0;
  } catch {
    return false;
  }
}
