import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeFolders } from "./remove.js";
import { type CgroupLimits, type CgroupVersion, cgroupSettings } from "./settings.js";
import { TaskCgroup } from "./task-cgroup.js";

/** A place of this process's own in which the control groups of tasks are made. `openCgroups` makes one. */
export class CgroupTree {
  /** Whether processor shares can be set. */
  readonly hasCpu: boolean;
  readonly #version: CgroupVersion;
  readonly #parents: ReadonlyMap<string, string>;

  /** `parents`: the folder for each controller; one and the same in version 2. */
  constructor(version: CgroupVersion, parents: ReadonlyMap<string, string>) {
    this.#version = version;
    this.#parents = parents;
    this.hasCpu = parents.has("cpu");
  }

  /** Makes the control group of a task. Throws when it is refused; nothing is left then. */
  create(name: string, limits: CgroupLimits): TaskCgroup {
    const folders = new Map(
      [...this.#parents].map(([controller, parent]) => [controller, join(parent, name)]),
    );
    const group = new TaskCgroup({
      version: this.#version,
      folders: [...new Set(folders.values())],
      eventsFile: join(
        folders.get("memory") ?? "",
        this.#version === 1 ? "memory.oom_control" : "memory.events",
      ),
    });
    try {
      for (const folder of new Set(folders.values())) mkdirSync(folder);
      for (const setting of cgroupSettings(this.#version, limits)) {
        const folder = folders.get(setting.controller);
        if (folder !== undefined) write(join(folder, setting.file), setting.value, setting.optional === true);
      }
      return group;
    } catch (error) {
      void group.remove();
      throw error;
    }
  }

  /** Removes the place; the tasks' groups must be gone. */
  async close(): Promise<void> {
    await removeFolders([...new Set(this.#parents.values())]);
  }
}

function write(file: string, value: string, optional: boolean): void {
  try {
    writeFileSync(file, value);
  } catch (error) {
    if (!optional) throw error;
  }
}
