import type { Executor, RunningTask, TaskSpec } from "../../executor.js";
import type { CgroupTree } from "../cgroups/tree.js";
import { PipePool } from "../pipes.js";
import { rlimitCommand } from "../rlimits.js";
import type { IdMapping } from "./enter.js";
import { NamelessFiles, sandboxFiles } from "./files.js";
import { nextMapping } from "./ids.js";
import { sandboxNotices } from "./notices.js";
import { rootEntries } from "./root-entries.js";
import { startTask } from "./start-task.js";
import type { SandboxTask } from "./task.js";

/** Processes and threads of one sandbox: enough for a JVM, and a fork bomb stays small. */
const PIDS = 512;

/** The means that a SandboxExecutor works with; which of them a machine has, a probe tells. */
export interface SandboxMeans {
  readonly ids: IdMapping;
  /** Undefined: resource limits of each process take their place. The executor closes it. */
  readonly cgroups: CgroupTree | undefined;
}

/** Runs each task in a bubblewrap sandbox (agent.md, executors). */
export class SandboxExecutor implements Executor {
  readonly name = "sandbox";
  readonly notices: readonly string[];
  readonly #cgroups: CgroupTree | undefined;
  readonly #pool = new PipePool();
  readonly #rootEntries = rootEntries();
  readonly #files;
  readonly #tasks = new Set<SandboxTask>();
  readonly #starting = new Set<Promise<unknown>>();
  #contents: Promise<NamelessFiles> | undefined;
  #ids: IdMapping;
  #count = 0;
  #closed = false;

  constructor(means: SandboxMeans) {
    this.#ids = means.ids;
    this.#cgroups = means.cgroups;
    this.#files = sandboxFiles({ twoUsers: means.ids.kind !== "single" });
    this.notices = sandboxNotices({ ids: means.ids.kind, cgroups: means.cgroups });
  }

  async start(spec: TaskSpec): Promise<RunningTask> {
    const starting = this.#start(spec);
    this.#starting.add(starting);
    try {
      return await starting;
    } finally {
      this.#starting.delete(starting);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled(this.#starting);
    await Promise.all([...this.#tasks].map((task) => task.stop()));
    await this.#pool.close();
    (await this.#contents?.catch(() => undefined))?.close();
    await this.#cgroups?.close();
  }

  async #start(spec: TaskSpec): Promise<SandboxTask> {
    if (this.#closed) throw new Error("the executor is closed");
    this.#contents ??= NamelessFiles.create(this.#files.map((file) => file.content));
    const contents = await this.#contents;
    const limits = { memoryBytes: spec.memory * 2 ** 20, pids: PIDS, cpu: spec.cpu };
    const ids = this.#ids;
    this.#ids = nextMapping(ids);
    this.#count += 1;
    const task = await startTask(spec, {
      ids,
      cgroup: this.#cgroups?.create(String(this.#count), limits),
      limits: this.#cgroups === undefined ? rlimitCommand(limits) : [],
      files: this.#files,
      contents,
      rootEntries: this.#rootEntries,
      pool: this.#pool,
    });
    this.#tasks.add(task);
    void task.exited.then(() => task.stop()).then(() => this.#tasks.delete(task));
    return task;
  }
}
