import { Readable } from "node:stream";
import type {
  CommandHandlers,
  FileEntry,
  RunnerShell,
  RunningCommand,
} from "../../../src/shell/runner-shell.js";

/** A command that a test plays: what was done with it, and how it goes on. */
export interface FakeCommand {
  readonly done: string[];
  readonly handlers: CommandHandlers;
}

/** A runner's shell whose commands start when `opens` says so, and end when the test says so. */
export class FakeShell implements RunnerShell {
  readonly commands: FakeCommand[] = [];
  readonly operations: string[] = [];
  /** Resolved by a test that wants sessions to be slow. */
  opens: Promise<void> = Promise.resolve();

  /** Whether a command that is not wanted any more is not run. */
  givesUp = true;

  async execute(
    _request: unknown,
    handlers: CommandHandlers,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<RunningCommand> {
    await this.opens;
    if (this.givesUp) signal?.throwIfAborted();
    const done: string[] = [];
    this.commands.push({ done, handlers });
    const note = (what: string) => () => {
      done.push(what);
    };
    return {
      path: "plain",
      write: (data) => {
        done.push(`write ${data}`);
        return true;
      },
      quit: note("quit"),
      pause: note("pause"),
      resume: note("resume"),
      abandon: note("abandon"),
    };
  }

  async list(): Promise<AsyncIterable<readonly FileEntry[]>> {
    this.operations.push("list");
    return Readable.from([]) as AsyncIterable<readonly FileEntry[]>;
  }

  async update(): Promise<void> {
    this.operations.push("update");
  }

  async download(): Promise<{ size: number; body: Readable }> {
    this.operations.push("download");
    return { size: 0, body: Readable.from([]) };
  }

  warm(): void {
    // Nothing that anybody asks for.
  }

  isWarm(): boolean {
    return false;
  }

  async close(): Promise<void> {
    this.operations.push("close");
  }
}
