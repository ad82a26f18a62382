import { readFileSync } from "node:fs";
import type { Sandbox } from "./spawn.js";

/**
 * Kills PID 1 and with it every process inside; bubblewrap ends once they are gone. PID 1 is killed rather than bubblewrap, which would
 * not wait for them.
 */
export function killPidOne(sandbox: Sandbox): void {
  const { process: bubblewrap, pid } = sandbox;
  if (bubblewrap.exitCode !== null || bubblewrap.signalCode !== null) return;
  try {
    // While bubblewrap is its parent, the id has not been given to another process.
    if (parentOf(readFileSync(`/proc/${pid}/stat`, "latin1")) === bubblewrap.pid)
      process.kill(pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

/** The parent's id in the text of `/proc/PID/stat`. The name before it may hold any byte. */
export function parentOf(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}
