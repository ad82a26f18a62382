import { randomInt } from "node:crypto";
import { hostname } from "node:os";
import type { Executor, RunningTask, TaskSpec } from "../../executor.js";
import { openCgroups } from "../cgroups/open.js";
import type { CgroupTree } from "../cgroups/tree.js";
import { isIdle } from "../idle-command.js";
import { PipePool } from "../pipes.js";
import { rlimitCommand } from "../rlimits.js";
import { ExecutorFolder } from "./folder.js";
import { ProcessGuard } from "./guard.js";
import { processNotices } from "./notices.js";
import { ProcessTask } from "./task.js";

/** Ids that nothing else on a machine uses: systemd's containers end below, signed 32 bit above. */
const FIRST_ID = 0x70000000;
const IDS = 0x0fff0000;
const PIDS = 512;

/**
 * Runs each task as plain processes of this machine (agent.md, executors): the last resort where nothing contains them. Never as root:
 * started by root, every task has a user id of its own.
 */
export class ProcessExecutor implements Executor {
  readonly name = "process";
  readonly notices: readonly string[];
  readonly #root = process.getuid?.() === 0;
  readonly #cgroups: CgroupTree | undefined;
  readonly #folder: ExecutorFolder;
  readonly #guard: ProcessGuard;
  readonly #pool = new PipePool();
  readonly #tasks = new Set<ProcessTask>();
  #id = FIRST_ID + randomInt(IDS);
  #count = 0;
  #closed = false;

  private constructor(options: {
    readonly folder: ExecutorFolder;
    readonly cgroups: CgroupTree | undefined;
    readonly notices: readonly string[];
  }) {
    this.#folder = options.folder;
    this.#guard = new ProcessGuard(options.folder.path);
    this.#cgroups = options.cgroups;
    this.notices = options.notices;
  }

  /**
   * Makes one, with its folder and its guard. `reason`: why there are no sandboxes; undefined when plain processes were asked for.
   */
  static create(options: { readonly reason: string | undefined }): ProcessExecutor {
    const root = process.getuid?.() === 0;
    const cgroups = root ? openCgroups() : undefined;
    const notices = processNotices({ reason: options.reason, root, cgroups: cgroups !== undefined });
    return new ProcessExecutor({ folder: ExecutorFolder.create(), cgroups, notices });
  }

  async start(spec: TaskSpec): Promise<RunningTask> {
    if (this.#closed) throw new Error("the executor is closed");
    this.#count += 1;
    this.#id = FIRST_ID + ((this.#id - FIRST_ID + 1) % IDS);
    const name = String(this.#count);
    const id = this.#root ? this.#id : undefined;
    const limits = { memoryBytes: spec.memory * 2 ** 20, pids: PIDS, cpu: spec.cpu };
    const cgroup = this.#cgroups?.create(name, limits);
    const folder = this.#folder.add(name, id);
    const entry = { id, folder: folder.path };
    this.#guard.add(entry);
    const task = new ProcessTask({
      id,
      folder,
      setuser: this.#folder.setuser,
      bashEnvironment: this.#folder.bashEnvironment,
      hostname: hostname(),
      variables: spec.environment,
      cgroup,
      // Without an id of its own the processes of this user would count too.
      limits: cgroup === undefined ? rlimitCommand({ ...limits, pids: this.#root ? PIDS : undefined }) : [],
      pool: this.#pool,
    });
    this.#tasks.add(task);
    void task.exited
      .then(() => task.stop())
      .then(() => {
        this.#tasks.delete(task);
        this.#guard.remove(entry);
      });
    if (isIdle(spec.command)) return task;
    try {
      await task.run(spec.command);
      return task;
    } catch (error) {
      await task.stop();
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([...this.#tasks].map((task) => task.stop()));
    await this.#pool.close();
    await this.#cgroups?.close();
    await this.#guard.close();
  }
}
