import { readFileSync } from "node:fs";
import { removeFolders } from "./remove.js";
import type { CgroupVersion } from "./settings.js";

/** The control group of one task (one folder per controller in version 1). */
export class TaskCgroup {
  /** Files to which a process of one thread writes `0` to get in. */
  readonly entryFiles: readonly string[];
  readonly #folders: readonly string[];
  readonly #eventsFile: string;

  constructor(options: {
    readonly version: CgroupVersion;
    readonly folders: readonly string[];
    readonly eventsFile: string;
  }) {
    this.#folders = options.folders;
    this.#eventsFile = options.eventsFile;
    // A thread that moves itself by `tasks` takes no lock; `cgroup.procs`, all that version 2 has, can wait 10 ms for one.
    const file = options.version === 1 ? "tasks" : "cgroup.procs";
    this.entryFiles = options.folders.map((folder) => `${folder}/${file}`);
  }

  /** How many processes were killed because the memory was used up. */
  oomKills(): number {
    try {
      return oomKillsIn(readFileSync(this.#eventsFile, "latin1"));
    } catch {
      return 0;
    }
  }

  /** Removes the folders, waiting a while for the last processes to leave. */
  async remove(): Promise<void> {
    await removeFolders(this.#folders);
  }
}

/** The counter in `memory.oom_control` (version 1) and `memory.events` (version 2). */
export function oomKillsIn(text: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}
