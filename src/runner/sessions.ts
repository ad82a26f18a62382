import type { ClusterView } from "../nomad/cluster-view.js";
import type { ExecTarget } from "../nomad/exec.js";
import type { RunnerShell } from "../shell/runner-shell.js";
import type { Logger } from "../telemetry/logger.js";
import type { ReachedPoint } from "./crash-points.js";
import { mappedPorts } from "./mapped-ports.js";
import { LOST, type RunnerRegistry, STOPPED } from "./registry.js";
import type { Runner } from "./runner.js";
import { UsedRunner } from "./used-runner.js";

/** What sessions are made with. */
export interface SessionsOptions {
  readonly registry: RunnerRegistry;
  readonly view: ClusterView;
  readonly openShell: (options: {
    readonly target: () => ExecTarget;
    readonly logger: Logger;
  }) => RunnerShell;
  /** Seconds: `server.executionttl`. */
  readonly executionTtl: number;
  readonly reached: ReachedPoint;
  readonly logger: Logger;
}

/** Opens what a client needs of its runner: shell, executions, inactivity timer, all pinned to one life of the runner's allocation. */
export class Sessions {
  readonly #options: SessionsOptions;
  /** Runners stay when the server stops, also those whose commands do not end. */
  #stopping = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Makes `runner.session`, with its timer started. `inactivityTimeout` in seconds. The runner must be running. */
  open(runner: Runner, inactivityTimeout: number): UsedRunner {
    const { registry, view, openShell, executionTtl, reached } = this.#options;
    const allocation = view.allocation(runner.id);
    const logger = this.#options.logger.child({ runner_id: runner.id, environment_id: runner.environmentId });
    const target = { allocationId: allocation?.id ?? "", nodeId: allocation?.nodeId ?? "" };
    const session = new UsedRunner({
      id: runner.id,
      environmentId: runner.environmentId,
      mappedPorts: mappedPorts(allocation?.ports ?? []),
      shell: openShell({ target: () => target, logger }),
      inactivityTimeout,
      executionTtl,
      logger,
      reached,
      onInactive: () => registry.discard(runner, { outcome: STOPPED, reason: "inactivity timeout" }),
      onUnstoppable: () => {
        if (!this.#stopping)
          registry.discard(runner, { outcome: LOST, reason: "a command could not be ended" });
      },
    });
    runner.session = session;
    runner.incarnation = allocation?.incarnation;
    if (this.#stopping) session.stopTimer();
    else session.start();
    return session;
  }

  /** Stops every inactivity timer; nothing destroys a runner from now on. */
  stop(): void {
    this.#stopping = true;
    for (const { session } of this.#options.registry.runners()) session?.stopTimer();
  }
}
