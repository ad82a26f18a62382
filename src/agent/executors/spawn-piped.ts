import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { LAUNCHER_ENVIRONMENT } from "./environment.js";
import { PipedProcess } from "./piped-process.js";
import { closePipes, type PipePool } from "./pipes.js";

/** A new size of a terminal, in characters. */
export interface TerminalSize {
  readonly height: number;
  readonly width: number;
}

/**
 * Starts an exec's process on pipes of its own, in a session of its own, so that it has no terminal but one that it is given. Rejects
 * when it cannot be started.
 */
export async function spawnPiped(options: {
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly ids?: { readonly uid: number; readonly gid: number };
  readonly pool: PipePool;
  /** With a terminal there is one output, to which the launchers' errors go too. */
  readonly tty: boolean;
  readonly onResize: (size: TerminalSize) => void;
}): Promise<{ readonly process: PipedProcess; readonly pid: number }> {
  const [program = "", ...flags] = options.command;
  const pipes = await options.pool.take(options.tty ? 2 : 3);
  const [stdin, stdout, stderr] = pipes;
  if (stdin === undefined || stdout === undefined) throw new Error("no pipes could be made");
  const child = (() => {
    try {
      return spawn(program, flags, {
        cwd: options.cwd ?? "/",
        env: { ...(options.environment ?? LAUNCHER_ENVIRONMENT) },
        stdio: [stdin.readable, stdout.writable, (stderr ?? stdout).writable],
        detached: true,
        ...options.ids,
      });
    } catch (error) {
      closePipes(pipes);
      throw error;
    }
  })();
  const { pid } = child;
  if (pid === undefined) {
    closePipes(pipes);
    throw await new Promise<Error>((resolve) => child.once("error", resolve));
  }
  closeSync(stdin.readable);
  closeSync(stdout.writable);
  if (stderr !== undefined) closeSync(stderr.writable);
  const process = new PipedProcess({
    child,
    streams: { stdin: stdin.writable, stdout: stdout.readable, stderr: stderr?.readable },
    tty: options.tty,
    onResize: options.onResize,
  });
  return { process, pid };
}
