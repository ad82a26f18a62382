import { atMost } from "../lib/at-most.js";
import type { ClusterView } from "../nomad/cluster-view.js";
import type { Logger } from "../telemetry/logger.js";
import type { ReachedPoint } from "./crash-points.js";
import { mappedPorts } from "./mapped-ports.js";
import { type OpenShell, openShellOf } from "./open-shell.js";
import type { Pool } from "./pool.js";
import { LOST, type RunnerRegistry, STOPPED } from "./registry.js";
import type { Runner } from "./runner.js";
import { UsedRunner } from "./used-runner.js";
import { Warmth } from "./warmth.js";

/** How long a stop waits for what is kept open in runners to be closed, ms. */
const CLOSE_MS = 3_000;

/** What sessions are made with. */
export interface SessionsOptions {
  readonly registry: RunnerRegistry;
  readonly view: ClusterView;
  readonly openShell: OpenShell;
  /** Seconds: `server.executionttl`. */
  readonly executionTtl: number;
  readonly reached: ReachedPoint;
  readonly logger: Logger;
}

/** Opens what a client needs of its runner: shell, executions, inactivity timer, all pinned to one life of the runner's allocation. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #warmth: Warmth;
  /** Runners stay when the server stops, also those whose commands do not end. */
  #stopping = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#warmth = new Warmth(options);
  }

  /**
   * Makes `runner.session`, with its timer started. `inactivityTimeout` in seconds; `clean`: nobody had the runner before. The runner must be
   * running.
   */
  open(runner: Runner, options: { readonly inactivityTimeout: number; readonly clean: boolean }): UsedRunner {
    const { registry, view, openShell, executionTtl, reached } = this.#options;
    const { inactivityTimeout, clean } = options;
    const allocation = view.allocation(runner.id);
    const logger = this.#options.logger.child({ runner_id: runner.id, environment_id: runner.environmentId });
    const shell =
      this.#warmth.take(registry.pool(runner.environmentId), runner) ??
      openShellOf(openShell, runner, { allocation, clean, logger: this.#options.logger });
    const session = new UsedRunner({
      id: runner.id,
      environmentId: runner.environmentId,
      mappedPorts: mappedPorts(allocation?.ports ?? []),
      shell,
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
    // A claim warms its runner; what an earlier server handed out has to be asked for first.
    if (clean) shell.warm({ keep: false });
    runner.session = session;
    runner.incarnation = allocation?.incarnation;
    if (this.#stopping) session.stopTimer();
    else session.start();
    return session;
  }

  /** Something of the pool changed: its reserved runners are kept warm. */
  warm(pool: Pool): void {
    this.#warmth.look(pool);
  }

  /** Closes what is kept open in runners; they stay. Resolves when it is closed, or soon: it ends by itself. */
  async closeShells(): Promise<void> {
    const used = [...this.#options.registry.runners()].map(({ session }) => session?.closeShell());
    await atMost(CLOSE_MS, Promise.all([this.#warmth.stop(), ...used]));
  }

  /** Stops every inactivity timer; nothing destroys a runner from now on. */
  stop(): void {
    this.#stopping = true;
    for (const { session } of this.#options.registry.runners()) session?.stopTimer();
  }
}
