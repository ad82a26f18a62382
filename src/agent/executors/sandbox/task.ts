import type { ExecProcess, ExecSpec, RunningTask, TaskExit } from "../../executor.js";
import { assignments, containerEnvironment } from "../environment.js";
import { launchCommand } from "../launch.js";
import { exitCodeOf } from "../piped-process.js";
import type { PipePool } from "../pipes.js";
import { spawnPiped } from "../spawn-piped.js";
import { enterCommand, type IdMapping } from "./enter.js";
import { killPidOne } from "./kill.js";
import type { Namespaces } from "./namespaces.js";
import type { Sandbox } from "./spawn.js";

/** What a SandboxTask is made of. */
export interface SandboxTaskOptions {
  readonly sandbox: Sandbox;
  readonly namespaces: Namespaces;
  readonly ids: IdMapping;
  readonly hostname: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly pool: PipePool;
}

/** A task in a sandbox that stands. */
export class SandboxTask implements RunningTask {
  readonly exited: Promise<TaskExit>;
  readonly #options: SandboxTaskOptions;
  #ended = false;
  #stopping = false;

  constructor(options: SandboxTaskOptions) {
    this.#options = options;
    const { process } = options.sandbox;
    this.exited = new Promise<TaskExit>((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        this.#ended = true;
        options.namespaces.close();
        resolve({ exitCode: exitCodeOf(code, signal), signal: 0, oomKilled: false });
      };
      if (process.exitCode !== null || process.signalCode !== null) end(process.exitCode, process.signalCode);
      else process.once("exit", end);
    });
  }

  async exec(spec: ExecSpec): Promise<ExecProcess> {
    if (this.#ended || this.#stopping) throw new Error("the task is not running");
    const { namespaces, ids, hostname, variables, pool } = this.#options;
    const environment = containerEnvironment({ hostname, home: "/root", tty: spec.tty, variables });
    const entering = enterCommand(spec.command, {
      namespaces: namespaces.paths,
      ids,
      environment: assignments(environment),
      limits: [],
    });
    const { process } = await spawnPiped({
      command: launchCommand(entering),
      pool,
      tty: spec.tty,
      onResize: () => undefined,
    });
    return process;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    if (!this.#ended) killPidOne(this.#options.sandbox);
    await this.exited;
  }
}
