import { readdirSync, readFileSync } from "node:fs";
import { sleep } from "../../../lib/sleep.js";
import { launchCommand } from "../launch.js";
import { runQuietly } from "../run-quietly.js";

const ROUNDS = 200;
const ROUND_MS = 10;

/**
 * Kills every process of a task. With a user id of its own that is certain, also for those that fork as fast as they can; otherwise its
 * processes are known by their TMPDIR, and one that dropped it escapes.
 */
export async function killAll(task: {
  readonly id: number | undefined;
  readonly tmp: string;
}): Promise<void> {
  const { id, tmp } = task;
  const living = () => (id === undefined ? withVariable(`TMPDIR=${tmp}`) : ofUser(id));
  for (let round = 0; round < ROUNDS; round += 1) {
    const pids = living();
    if (pids.length === 0) return;
    if (id === undefined) {
      for (const pid of pids) kill(pid);
    } else {
      // One call reaches all of them at once; none can be born meanwhile.
      await runQuietly(launchCommand(["/bin/bash", "--norc", "-c", "kill -9 -1"]), { uid: id, gid: id });
    }
    await sleep(ROUND_MS);
  }
}

function ofUser(id: number): readonly number[] {
  return processes().filter((pid) => {
    const status = read(`/proc/${pid}/status`);
    return new RegExp(`^Uid:\t${id}\t`, "m").test(status) && !/^State:\t[ZX]/m.test(status);
  });
}

function withVariable(assignment: string): readonly number[] {
  return processes().filter((pid) => read(`/proc/${pid}/environ`).split("\0").includes(assignment));
}

function processes(): readonly number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}
