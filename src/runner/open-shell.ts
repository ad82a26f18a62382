import type { AllocationState } from "../nomad/allocation-state.js";
import type { ExecTarget } from "../nomad/exec.js";
import type { RunnerShell } from "../shell/runner-shell.js";
import type { Logger } from "../telemetry/logger.js";
import type { Runner } from "./runner.js";

/** Makes the shell of one runner; nothing is opened yet. `clean`: nothing has run in it. */
export type OpenShell = (options: {
  readonly target: () => ExecTarget;
  readonly clean: boolean;
  readonly logger: Logger;
}) => RunnerShell;

/** Makes the shell of a runner, pinned to one life of its allocation. */
export function openShellOf(
  openShell: OpenShell,
  runner: Runner,
  options: {
    readonly allocation: AllocationState | undefined;
    readonly clean: boolean;
    readonly logger: Logger;
  },
): RunnerShell {
  const { allocation, clean } = options;
  const target = { allocationId: allocation?.id ?? "", nodeId: allocation?.nodeId ?? "" };
  const logger = options.logger.child({ runner_id: runner.id, environment_id: runner.environmentId });
  return openShell({ target: () => target, clean, logger });
}
