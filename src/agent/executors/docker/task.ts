import { z } from "zod";
import { type Deferred, deferred } from "../../../lib/deferred.js";
import type { ExecProcess, ExecSpec, RunningTask, TaskExit } from "../../executor.js";
import type { TerminalSize } from "../spawn-piped.js";
import type { DockerClient } from "./client.js";
import { isMissing } from "./errors.js";
import { DockerExecProcess } from "./exec-process.js";
import { removeContainer } from "./remove-container.js";
import { TerminalSizes } from "./terminal-sizes.js";

const SIGKILLED = 137;

const created = z.object({ Id: z.string() });
const execState = z.object({ Running: z.boolean(), ExitCode: z.number().nullish() });
const containerState = z.object({
  State: z.object({ Running: z.boolean(), ExitCode: z.number(), OOMKilled: z.boolean() }),
});

/** A task in a Docker container. */
export class DockerTask implements RunningTask {
  readonly containerId: string;
  readonly #client: DockerClient;
  readonly #exited = deferred<TaskExit>();
  readonly exited = this.#exited.promise;
  /** The ends of the processes that run, by the ids of their execs. */
  readonly #processes = new Map<string, Deferred<number>>();
  #ended = false;
  #stopping = false;
  #removing: Promise<void> | undefined;

  constructor(client: DockerClient, containerId: string) {
    this.#client = client;
    this.containerId = containerId;
  }

  async exec(spec: ExecSpec): Promise<ExecProcess> {
    if (this.#ended || this.#stopping) throw new Error("the task is not running");
    const { tty } = spec;
    const attached = { AttachStdin: true, AttachStdout: true, AttachStderr: true };
    const path = `/containers/${this.containerId}/exec`;
    const json = { ...attached, Tty: tty, Cmd: spec.command };
    const { Id: id } = created.parse(await this.#client.call({ method: "POST", path, json }));
    // Known before it is started: its end may be told before its start is.
    const end = deferred<number>();
    this.#processes.set(id, end);
    const sizes = new TerminalSizes((size) => this.#resize(id, size));
    void end.promise.then(() => sizes.end());
    try {
      const start = { path: `/exec/${id}/start`, json: { Detach: false, Tty: tty } };
      const connection = await this.#client.hijack({ method: "POST", ...start });
      if (this.#ended) this.onExecEnd(id, SIGKILLED);
      const onResize = (size: TerminalSize) => sizes.set(size);
      const process = new DockerExecProcess({ ...connection, tty, exited: end.promise, onResize });
      // A command that could not be started ends without an event. A Docker that is gone tells no end at all: nothing comes from the process any more.
      void process.drained.then(async () => {
        if (!(await this.#lookAtExec(id))) this.onExecEnd(id, SIGKILLED);
      });
      return process;
    } catch (error) {
      this.onExecEnd(id, SIGKILLED);
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#removing ??= removeContainer(this.#client, this.containerId).finally(() => {
      this.#removing = undefined;
      this.#end({ exitCode: SIGKILLED, signal: 0, oomKilled: false });
    });
    await this.#removing;
  }

  /** Docker says that a process of ours has ended. */
  onExecEnd(execId: string, exitCode: number): void {
    this.#processes.get(execId)?.resolve(exitCode);
    this.#processes.delete(execId);
  }

  /** Docker says that the container has ended; why, it has to be asked. */
  async onContainerEnd(exitCode: number): Promise<void> {
    await this.look();
    this.#end({ exitCode, signal: 0, oomKilled: false });
  }

  /** Asks Docker how the container and its processes do. */
  async look(): Promise<void> {
    if (this.#ended) return;
    try {
      const path = `/containers/${this.containerId}/json`;
      const { State } = containerState.parse(await this.#client.call({ method: "GET", path }));
      if (!State.Running) this.#end(exitOf(State, { stopped: this.#stopping }));
      else await Promise.all([...this.#processes.keys()].map((id) => this.#lookAtExec(id)));
    } catch (error) {
      if (isMissing(error)) this.#end({ exitCode: SIGKILLED, signal: 0, oomKilled: false });
      // Else Docker does not answer: the stream of events breaks too, and there is another look when it is back.
    }
  }

  /** False: Docker does not answer. */
  async #lookAtExec(id: string): Promise<boolean> {
    if (!this.#processes.has(id)) return true;
    try {
      const path = `/exec/${id}/json`;
      const { Running, ExitCode } = execState.parse(await this.#client.call({ method: "GET", path }));
      // null: it has not been started yet
      if (!Running && ExitCode !== null) this.onExecEnd(id, ExitCode ?? SIGKILLED);
      return true;
    } catch (error) {
      if (isMissing(error)) this.onExecEnd(id, SIGKILLED);
      return isMissing(error);
    }
  }

  #end(exit: TaskExit): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#exited.resolve(exit);
    for (const id of [...this.#processes.keys()]) this.onExecEnd(id, SIGKILLED);
  }

  /** Whether there is nothing more to do for this size. */
  async #resize(id: string, { height, width }: TerminalSize): Promise<boolean> {
    try {
      const query = { h: String(height), w: String(width) };
      await this.#client.call({ method: "POST", path: `/exec/${id}/resize`, query });
      return true;
    } catch {
      return !this.#processes.has(id);
    }
  }
}

/** Docker remembers an OOM kill of any process in the container; PID 1's end was one only if it was killed. */
function exitOf(
  state: { readonly ExitCode: number; readonly OOMKilled: boolean },
  { stopped }: { readonly stopped: boolean },
): TaskExit {
  const killed = state.ExitCode === SIGKILLED;
  return { exitCode: state.ExitCode, signal: 0, oomKilled: state.OOMKilled && killed && !stopped };
}
