import { closeSync, constants, openSync, writeFileSync } from "node:fs";
import type { TaskSpec } from "../../executor.js";
import type { TaskCgroup } from "../cgroups/task-cgroup.js";
import { containerEnvironment, taskHostname } from "../environment.js";
import { isIdle } from "../idle-command.js";
import { closePipes, type PipePool } from "../pipes.js";
import type { IdMapping } from "./enter.js";
import type { NamelessFiles, SandboxFile } from "./files.js";
import { BLOCK_FD, bubblewrapArguments, FIRST_FILE_FD, INFO_FD, type RootEntry } from "./flags.js";
import { Namespaces } from "./namespaces.js";
import { pidOne } from "./pid-one.js";
import { spawnSandbox } from "./spawn.js";
import { SandboxTask } from "./task.js";

const USER = "1000:1000";
/** bubblewrap, and our own loop as PID 1, are the last to be killed when memory is used up. */
const OOM_SCORE = "-900";

/** What a sandbox is made with. */
export interface SandboxResources {
  readonly ids: IdMapping;
  /** Belongs to the task once it has started. */
  readonly cgroup: TaskCgroup | undefined;
  /** See SandboxTaskOptions. */
  readonly limits: readonly string[];
  readonly files: readonly SandboxFile[];
  readonly contents: NamelessFiles;
  readonly rootEntries: readonly RootEntry[];
  readonly pool: PipePool;
}

/** Starts a task in a sandbox of its own; resolves once PID 1 runs. Rejects when it does not; nothing of it is left then. */
export async function startTask(spec: TaskSpec, resources: SandboxResources): Promise<SandboxTask> {
  const { ids, cgroup, limits, files, pool } = resources;
  const hostname = taskHostname(spec.allocationId);
  const descriptors = [INFO_FD, BLOCK_FD, ...files.map((_, index) => FIRST_FILE_FD + index)];
  const owner = ids.kind === "single" ? undefined : USER;
  const stdin = await endlessInput(pool);
  const open = [stdin];
  let namespaces: Namespaces | undefined;
  try {
    const contents = resources.contents.open();
    open.push(...contents);
    const sandbox = await spawnSandbox({
      arguments: bubblewrapArguments({
        hostname,
        network: spec.network,
        memoryBytes: spec.memory * 2 ** 20,
        mappedIds: ids.kind !== "single",
        rootEntries: resources.rootEntries,
        files,
        command: pidOne(spec.command, { owner, descriptors, limits }),
      }),
      ids,
      environment: containerEnvironment({ hostname, home: "/root", tty: false, variables: spec.environment }),
      stdin,
      files: contents,
      entryFiles: cgroup?.entryFiles ?? [],
      beforeRun: (bubblewrap, pid) => {
        protect(bubblewrap);
        if (isIdle(spec.command)) protect(pid);
      },
      onReady: (pid) => {
        namespaces = Namespaces.open(pid, { network: spec.network });
      },
    });
    if (namespaces === undefined) throw new Error("the sandbox was not ready");
    const variables = spec.environment;
    return new SandboxTask({ sandbox, namespaces, ids, cgroup, limits, hostname, variables, pool });
  } catch (error) {
    namespaces?.close();
    await cgroup?.remove();
    throw error;
  } finally {
    for (const fd of open) closeSync(fd);
  }
}

/** A pipe open for reading and writing: who has it as stdin reads for ever. */
async function endlessInput(pool: PipePool): Promise<number> {
  const pipes = await pool.take(1);
  try {
    return openSync(`/proc/self/fd/${pipes[0]?.readable}`, constants.O_RDWR);
  } finally {
    closePipes(pipes);
  }
}

function protect(pid: number | undefined): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, OOM_SCORE);
  } catch {
    // Only root may; without it the kernel chooses by size alone.
  }
}
