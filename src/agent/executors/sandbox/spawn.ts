import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex, Readable } from "node:stream";
import { launchCommand } from "../launch.js";
import type { IdMapping } from "./enter.js";
import { BLOCK_FD, FIRST_FILE_FD, INFO_FD } from "./flags.js";
import { writeMaps } from "./ids.js";
import { killPidOne } from "./kill.js";
import { READY } from "./pid-one.js";

const START_TIMEOUT_MS = 30_000;
const LARGEST_MESSAGE = 4096;

/** A sandbox that stands. */
export interface Sandbox {
  /** bubblewrap itself: ends when PID 1 does, with its code. */
  readonly process: ChildProcess;
  /** PID 1 as this process sees it. */
  readonly pid: number;
}

/**
 * Runs bubblewrap and resolves when PID 1 says that the sandbox stands. Rejects with what bubblewrap or PID 1 printed; nothing is left
 * running then.
 */
export async function spawnSandbox(options: {
  /** bubblewrap's arguments. */
  readonly arguments: readonly string[];
  readonly ids: IdMapping;
  /** Of bubblewrap and PID 1; root inside can read it. */
  readonly environment: Readonly<Record<string, string>>;
  /** PID 1's stdin, and the files for the descriptors from FIRST_FILE_FD on. They stay the caller's. */
  readonly stdin: number;
  readonly files: readonly number[];
  /** Of the task's cgroup, which everything in the sandbox is born in. */
  readonly entryFiles: readonly string[];
  /** Called with the ids of bubblewrap and PID 1 before anything foreign runs in the sandbox. */
  readonly beforeRun: (bubblewrap: number | undefined, pid: number) => void;
  /** Called when the sandbox stands; the command starts after it. */
  readonly onReady: (pid: number) => void;
}): Promise<Sandbox> {
  const { ids } = options;
  const keep = [INFO_FD, BLOCK_FD, ...options.files.map((_, index) => FIRST_FILE_FD + index)];
  const [program, ...flags] = launchCommand(bubblewrap(options.arguments, ids), {
    keep,
    entryFiles: options.entryFiles,
  });
  const child = spawn(program, flags, {
    cwd: "/",
    env: options.environment,
    stdio: [options.stdin, "pipe", "pipe", "pipe", "pipe", ...options.files],
    detached: true,
  });
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
  const [, output, errors, info, block] = child.stdio as [null, Readable, Readable, Readable, Duplex];
  for (const stream of [output, errors, info, block]) stream.on("error", () => undefined); // `closed` tells
  const message = collect(errors);
  let pid = 0;
  const kill = () => {
    // bubblewrap's child waits for its id maps beyond its parent's end.
    if (pid !== 0) killPidOne({ process: child, pid });
    child.kill("SIGKILL");
  };
  const timer = setTimeout(kill, START_TIMEOUT_MS);
  try {
    pid = childPid(await received(info, (text) => text.includes("}")));
    await writeMaps(pid, ids);
    options.beforeRun(child.pid, pid);
    block.write("1");
    await received(output, (text) => text.startsWith(READY));
    options.onReady(pid);
    block.end("\n");
    return { process: child, pid };
  } catch (error) {
    kill();
    await closed;
    throw new Error(`the sandbox could not be started: ${message() || (error as Error).message}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    for (const stream of [output, errors, info, block]) stream.destroy();
  }
}

/** With a range of ids bubblewrap itself must be the first of them; that comes after the cgroup, which only root may enter. */
function bubblewrap(flags: readonly string[], ids: IdMapping): readonly string[] {
  if (ids.kind !== "range") return ["bwrap", ...flags];
  return ["setpriv", `--reuid=${ids.base}`, `--regid=${ids.base}`, "--clear-groups", "--", "bwrap", ...flags];
}

/** The `child-pid` of bubblewrap's `--info-fd`. */
export function childPid(info: string): number {
  const pid = /"child-pid":\s*(\d+)/.exec(info)?.[1];
  if (pid === undefined) throw new Error("bubblewrap did not say its child's id");
  return Number(pid);
}

/** Resolves with a stream's text once `enough` holds of it; rejects when the stream ends earlier or says too much. */
function received(stream: Readable, enough: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (enough(text)) resolve(text);
      else if (text.length > LARGEST_MESSAGE) reject(new Error("unexpected output"));
    });
    stream.once("close", () => reject(new Error("it ended before it was ready")));
  });
}

/** Reads a stream, and returns a function that tells the first of its text. */
function collect(stream: Readable): () => string {
  let text = "";
  stream.on("data", (chunk: Buffer) => {
    if (text.length < LARGEST_MESSAGE) text += chunk.toString("utf8");
  });
  return () => text.trim().slice(0, LARGEST_MESSAGE);
}
