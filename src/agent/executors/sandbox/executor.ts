import { closeSync, constants, openSync } from "node:fs";
import type { Executor, RunningTask, TaskSpec } from "../../executor.js";
import { containerEnvironment, taskHostname } from "../environment.js";
import { closePipes, PipePool } from "../pipes.js";
import type { IdMapping } from "./enter.js";
import { NamelessFiles, type SandboxFile, sandboxFiles } from "./files.js";
import { BLOCK_FD, bubblewrapArguments, FIRST_FILE_FD, INFO_FD, type RootEntry } from "./flags.js";
import { nextMapping } from "./ids.js";
import { Namespaces } from "./namespaces.js";
import { pidOne } from "./pid-one.js";
import { rootEntries } from "./root-entries.js";
import { spawnSandbox } from "./spawn.js";
import { SandboxTask } from "./task.js";

/** Runs each task in a bubblewrap sandbox (agent.md, executors). Make it with `SandboxExecutor.create`. */
export class SandboxExecutor implements Executor {
  readonly name = "sandbox";
  readonly notices: readonly string[];
  readonly #pool = new PipePool();
  readonly #rootEntries: readonly RootEntry[];
  readonly #files: readonly SandboxFile[];
  readonly #nameless: NamelessFiles;
  readonly #tasks = new Set<SandboxTask>();
  #ids: IdMapping;

  private constructor(options: {
    readonly ids: IdMapping;
    readonly files: readonly SandboxFile[];
    readonly nameless: NamelessFiles;
    readonly notices: readonly string[];
  }) {
    this.#ids = options.ids;
    this.#files = options.files;
    this.#nameless = options.nameless;
    this.notices = options.notices;
    this.#rootEntries = rootEntries();
  }

  static async create(options: { readonly ids: IdMapping }): Promise<SandboxExecutor> {
    const files = sandboxFiles({ twoUsers: options.ids.kind !== "single" });
    const nameless = await NamelessFiles.create(files.map((file) => file.content));
    const executor = new SandboxExecutor({ ids: options.ids, files, nameless, notices: [] });
    await executor.#pool.fill();
    return executor;
  }

  async start(spec: TaskSpec): Promise<RunningTask> {
    const ids = this.#ids;
    this.#ids = nextMapping(ids);
    const hostname = taskHostname(spec.allocationId);
    const variables = spec.environment;
    const owner = ids.kind === "single" ? undefined : "1000:1000";
    const descriptors = [INFO_FD, BLOCK_FD, ...this.#files.map((_, index) => FIRST_FILE_FD + index)];
    const files = this.#nameless.open();
    const pipes = await this.#pool.take(1);
    const stdin = openSync(`/proc/self/fd/${pipes[0]?.readable}`, constants.O_RDWR);
    closePipes(pipes);
    try {
      const sandbox = await spawnSandbox({
        arguments: bubblewrapArguments({
          hostname,
          network: spec.network,
          memoryBytes: spec.memory * 2 ** 20,
          mappedIds: ids.kind !== "single",
          rootEntries: this.#rootEntries,
          files: this.#files,
          command: pidOne(spec.command, { owner, descriptors, limits: [] }),
        }),
        ids,
        environment: containerEnvironment({ hostname, home: "/root", tty: false, variables }),
        stdin,
        files,
        beforeRun: () => undefined,
      });
      const namespaces = Namespaces.open(sandbox.pid, { network: spec.network });
      const task = new SandboxTask({ sandbox, namespaces, ids, hostname, variables, pool: this.#pool });
      this.#tasks.add(task);
      task.exited.then(() => this.#tasks.delete(task));
      return task;
    } finally {
      for (const fd of [stdin, ...files]) closeSync(fd);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#tasks].map((task) => task.stop()));
    await this.#pool.close();
    this.#nameless.close();
  }
}
