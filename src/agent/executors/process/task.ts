import { type ChildProcess, spawn } from "node:child_process";
import { deferred } from "../../../lib/deferred.js";
import type { ExecProcess, ExecSpec, RunningTask, TaskExit } from "../../executor.js";
import type { TaskCgroup } from "../cgroups/task-cgroup.js";
import { assignments, containerEnvironment } from "../environment.js";
import { launchCommand } from "../launch.js";
import { exitCodeOf } from "../piped-process.js";
import type { PipePool } from "../pipes.js";
import { runQuietly } from "../run-quietly.js";
import { spawnPiped } from "../spawn-piped.js";
import { terminalCommand } from "../terminal.js";
import { TerminalResizer } from "../terminal-size.js";
import { plainCommand } from "./command.js";
import { removeTaskFolder, type TaskFolder } from "./folder.js";
import { withOwnSetuser } from "./own-setuser.js";
import { killAll } from "./sweep.js";

const SIGKILLED = 137;

/** What a ProcessTask is made of. */
export interface ProcessTaskOptions {
  /** Undefined: this process's own user. */
  readonly id: number | undefined;
  readonly folder: TaskFolder;
  readonly setuser: string;
  readonly bashEnvironment: string;
  readonly hostname: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly cgroup: TaskCgroup | undefined;
  readonly limits: readonly string[];
  readonly pool: PipePool;
}

/** A task of plain processes. One whose command only waits has no process of its own and runs until it is stopped. */
export class ProcessTask implements RunningTask {
  readonly #options: ProcessTaskOptions;
  readonly #exited = deferred<TaskExit>();
  readonly exited = this.#exited.promise;
  #released: Promise<void> | undefined;
  #ended = false;

  constructor(options: ProcessTaskOptions) {
    this.#options = options;
  }

  /** Starts the task's main command. Rejects when there is no such program. */
  async run(command: readonly string[]): Promise<void> {
    const [program = "", ...flags] = this.#launch(command, { tty: false });
    const main = spawn(program, flags, { cwd: "/", env: {}, stdio: "ignore", detached: true });
    await new Promise<void>((resolve, reject) => main.once("spawn", resolve).once("error", reject));
    main.once("exit", () => void this.#end(exitOf(main)));
  }

  async exec(spec: ExecSpec): Promise<ExecProcess> {
    if (this.#ended) throw new Error("the task is not running");
    const { process, pid } = await spawnPiped({
      command: this.#launch(spec.command, { tty: spec.tty }),
      pool: this.#options.pool,
      tty: spec.tty,
      onResize: (size) => resizer.resize(size),
    });
    const resizer = new TerminalResizer({
      pid,
      setSize: (stty) => runQuietly(this.#launch(stty, { tty: false })),
    });
    process.exited.then(() => resizer.end());
    return process;
  }

  async stop(): Promise<void> {
    await this.#end({ exitCode: SIGKILLED, signal: 0, oomKilled: false });
  }

  #end(exit: TaskExit): Promise<void> {
    this.#ended = true;
    this.#released ??= this.#release(exit);
    return this.#released;
  }

  async #release(exit: TaskExit): Promise<void> {
    const { id, folder, cgroup } = this.#options;
    const oomKilled = exit.oomKilled && (cgroup?.oomKills() ?? 0) > 0;
    await killAll({ id, tmp: folder.tmp });
    this.#exited.resolve({ ...exit, oomKilled });
    removeTaskFolder(folder, id);
    await cgroup?.remove();
  }

  #launch(command: readonly string[], { tty }: { readonly tty: boolean }): readonly [string, ...string[]] {
    const { id, folder, setuser, bashEnvironment, hostname, variables, cgroup, limits } = this.#options;
    const own = withOwnSetuser(command, setuser);
    const { variables: more, command: run } = tty ? terminalCommand(own) : { variables: [], command: own };
    const environment = containerEnvironment({
      hostname,
      home: folder.home,
      tty,
      variables: { ...variables, HOME: folder.home, TMPDIR: folder.tmp, BASH_ENV: bashEnvironment },
    });
    const plain = plainCommand(run, {
      id,
      folder: folder.workspace,
      environment: [...assignments(environment), ...more],
      limits,
    });
    return launchCommand(plain, { entryFiles: cgroup?.entryFiles ?? [] });
  }
}

function exitOf(main: ChildProcess): TaskExit {
  const exitCode = exitCodeOf(main.exitCode, main.signalCode);
  // Whether memory was the reason, the control group knows.
  return { exitCode, signal: 0, oomKilled: exitCode === SIGKILLED };
}
