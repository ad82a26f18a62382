import type { Logger } from "../../telemetry/logger.js";
import type { Executor } from "../executor.js";
import { dockerSocket } from "./docker/socket.js";
import { installBubblewrap, isInstalled } from "./install-bubblewrap.js";
import { createNullExecutor } from "./null.js";
import { ProcessExecutor } from "./process/executor.js";
import { type ProbeResult, probeSandbox } from "./sandbox/probe.js";

/**
 * Makes the executor `name`, or the best that works here: `sandbox`, and `process` where that cannot be had (agent.md, executors).
 * `install`: install bubblewrap first where it is missing and that is possible.
 * `dockerHost`: where Docker listens, as in `DOCKER_HOST`.
 * @throws Error when the named executor cannot be had.
 */
export async function chooseExecutor(options: {
  readonly name?: Executor["name"] | undefined;
  readonly dockerHost?: string | undefined;
  readonly install?: boolean;
  readonly logger: Logger;
}): Promise<Executor> {
  const { name, logger } = options;
  if (name === "docker") {
    // Loaded only here: nobody else needs it.
    const { DockerExecutor } = await import("./docker/executor.js");
    return DockerExecutor.connect(dockerSocket(options.dockerHost), { logger });
  }
  if (name === "null") return createNullExecutor();
  if (name === "process") return ProcessExecutor.create({ reason: undefined });
  if (!isInstalled("bwrap") && options.install === true) await installBubblewrap(logger);
  const { executor, reason } = await probe();
  if (executor !== undefined) return executor;
  if (name === "sandbox") throw new Error(`sandboxes cannot be had: ${reason}`);
  return ProcessExecutor.create({ reason });
}

async function probe(): Promise<ProbeResult & { readonly reason?: string }> {
  if (!isInstalled("bwrap")) {
    return {
      executor: undefined,
      reason: "install bubblewrap (the program bwrap) to run commands in sandboxes",
    };
  }
  return await probeSandbox();
}
