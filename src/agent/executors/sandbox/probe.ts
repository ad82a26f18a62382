import type { TaskSpec } from "../../executor.js";
import { openCgroups } from "../cgroups/open.js";
import { SandboxExecutor } from "./executor.js";
import { possibleMappings } from "./ids.js";

const PROBE_TIMEOUT_MS = 10_000;
const LONGEST_ERROR = 500;

const PROBE_TASK: TaskSpec = {
  allocationId: "probe",
  jobId: "probe",
  image: undefined,
  driverConfig: {},
  command: ["sleep", "infinity"],
  cpu: 100,
  memory: 64,
  network: false,
  dns: undefined,
  ports: [],
  environment: {},
};

/** An executor that works here, or why there is none. */
export type ProbeResult =
  | { readonly executor: SandboxExecutor }
  | { readonly executor: undefined; readonly reason: string };

/**
 * Finds out by trying what sandboxes can be had on this machine: with a real sandbox and a command in it, for each way of mapping ids,
 * the best first, and with control groups before it is tried without.
 */
export async function probeSandbox(): Promise<ProbeResult> {
  let reason = "";
  for (const ids of possibleMappings()) {
    const cgroups = openCgroups();
    for (const attempt of cgroups === undefined ? [undefined] : [cgroups, undefined]) {
      const executor = new SandboxExecutor({ ids, cgroups: attempt });
      const failure = await failureOf(executor, ids.kind === "single" ? [] : ["/sbin/setuser", "user"]);
      if (failure === undefined) return { executor };
      await executor.close();
      reason ||= failure;
    }
  }
  return { executor: undefined, reason };
}

/** Undefined when a task starts and a command in it ends well. */
async function failureOf(executor: SandboxExecutor, prefix: readonly string[]): Promise<string | undefined> {
  try {
    const task = await executor.start(PROBE_TASK);
    const timer = setTimeout(() => void task.stop(), PROBE_TIMEOUT_MS);
    try {
      const exec = await task.exec({ command: [...prefix, "true"], tty: false });
      let errors = "";
      exec.onStderr = (chunk) => {
        errors = (errors + chunk.toString("utf8")).slice(0, LONGEST_ERROR);
      };
      exec.endInput();
      const code = await exec.exited;
      await exec.drained;
      return code === 0 ? undefined : errors.trim() || `a command in a sandbox ended with ${code}`;
    } finally {
      clearTimeout(timer);
      await task.stop();
    }
  } catch (error) {
    return (error as Error).message;
  }
}
