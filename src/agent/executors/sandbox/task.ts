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
import { enterCommand, type IdMapping } from "./enter.js";
import { killPidOne } from "./kill.js";
import type { Namespaces } from "./namespaces.js";
import type { Sandbox } from "./spawn.js";

const SIGKILLED = 137;
/** Past this, bubblewrap itself is killed, whether or not what is inside has ended. */
const STOP_TIMEOUT_MS = 5000;

/** What a SandboxTask is made of. */
export interface SandboxTaskOptions {
  readonly sandbox: Sandbox;
  readonly namespaces: Namespaces;
  readonly ids: IdMapping;
  /** Undefined where there is none: then `limits` is a command that sets limits for what follows it. */
  readonly cgroup: TaskCgroup | undefined;
  readonly limits: readonly string[];
  readonly hostname: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly pool: PipePool;
}

/** A task in a sandbox that stands. */
export class SandboxTask implements RunningTask {
  readonly exited: Promise<TaskExit>;
  readonly #options: SandboxTaskOptions;
  readonly #released: Promise<void>;
  #stopping = false;
  #ended = false;

  constructor(options: SandboxTaskOptions) {
    this.#options = options;
    const { process } = options.sandbox;
    this.exited = new Promise<TaskExit>((resolve) => {
      const end = () => resolve(this.#end(exitCodeOf(process.exitCode, process.signalCode)));
      if (process.exitCode !== null || process.signalCode !== null) end();
      else process.once("exit", end);
    });
    this.#released = this.exited.then(() => options.cgroup?.remove());
  }

  async exec(spec: ExecSpec): Promise<ExecProcess> {
    if (this.#ended || this.#stopping) throw new Error("the task is not running");
    const { hostname, variables, pool } = this.#options;
    const environment = containerEnvironment({ hostname, home: "/root", tty: spec.tty, variables });
    const { variables: more, command } = spec.tty
      ? terminalCommand(spec.command)
      : { variables: [], command: spec.command };
    const { process, pid } = await spawnPiped({
      command: this.#enter(command, [...assignments(environment), ...more]),
      pool,
      tty: spec.tty,
      onResize: (size) => resizer.resize(size),
    });
    const resizer = new TerminalResizer({
      pid,
      setSize: (stty) => runQuietly(this.#enter(stty, assignments(environment))),
    });
    process.exited.then(() => resizer.end());
    return process;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const { sandbox } = this.#options;
    if (!this.#ended) killPidOne(sandbox);
    const timer = setTimeout(() => sandbox.process.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await this.#released.finally(() => clearTimeout(timer));
  }

  #enter(command: readonly string[], environment: readonly string[]): readonly string[] {
    const { namespaces, ids, cgroup, limits } = this.#options;
    const entering = enterCommand(command, { namespaces: namespaces.paths, ids, environment, limits });
    return launchCommand(entering, { entryFiles: cgroup?.entryFiles ?? [] });
  }

  #end(exitCode: number): TaskExit {
    this.#ended = true;
    this.#options.namespaces.close();
    const killed = exitCode === SIGKILLED && !this.#stopping;
    return { exitCode, signal: 0, oomKilled: killed && (this.#options.cgroup?.oomKills() ?? 0) > 0 };
  }
}
