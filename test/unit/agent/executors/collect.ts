import type { ExecProcess, RunningTask, TaskSpec } from "../../../../src/agent/executor.js";

/** What a command in a task wrote and how it ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A task that only waits, with what a test wants otherwise. */
export function taskSpec(changes: Partial<TaskSpec> = {}): TaskSpec {
  return {
    allocationId: "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
    jobId: "7-test",
    image: undefined,
    driverConfig: {},
    command: ["sleep", "infinity"],
    cpu: 100,
    memory: 256,
    network: false,
    dns: undefined,
    ports: [],
    environment: { NOMAD_ALLOC_ID: "an id" },
    ...changes,
  };
}

/** Runs a command with this input and waits for its end and all its output. `during` gets the process and what it wrote so far. */
export async function run(
  task: RunningTask,
  command: readonly string[],
  options: {
    readonly tty?: boolean;
    readonly input?: string;
    readonly during?: (process: ExecProcess, stdout: string) => void;
  } = {},
): Promise<Outcome> {
  const process = await task.exec({ command, tty: options.tty ?? false });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  process.onStdout = (chunk) => {
    stdout.push(chunk);
    options.during?.(process, Buffer.concat(stdout).toString());
  };
  process.onStderr = (chunk) => stderr.push(chunk);
  if (options.input !== undefined) process.write(Buffer.from(options.input));
  if (options.during === undefined) process.endInput();
  const code = await process.exited;
  await process.drained;
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

/** A bash command. */
export function bash(text: string): readonly string[] {
  return ["/bin/bash", "-c", text];
}

/** Processes on this machine whose arguments contain `text`, zombies not counted. */
export async function processesWith(text: string): Promise<readonly string[]> {
  const { readdir, readFile } = await import("node:fs/promises");
  const found: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const cmdline = await readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "");
    if (cmdline.split("\0").includes(text)) found.push(pid);
  }
  return found;
}
