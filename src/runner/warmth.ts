import type { ClusterView } from "../nomad/cluster-view.js";
import type { RunnerShell } from "../shell/runner-shell.js";
import type { Logger } from "../telemetry/logger.js";
import { type OpenShell, openShellOf } from "./open-shell.js";
import type { Pool } from "./pool.js";
import type { Runner } from "./runner.js";

/** What warming works with. */
export interface WarmthOptions {
  readonly view: ClusterView;
  readonly openShell: OpenShell;
  readonly logger: Logger;
}

interface Warm {
  readonly shell: RunnerShell;
  /** The life of the allocation that it was opened in. */
  readonly incarnation: string | undefined;
}

/** Keeps the reserved runners of each pool warm, so that the first step after a claim is fast (runner-shell.md, "Opening and closing"). */
export class Warmth {
  readonly #options: WarmthOptions;
  readonly #pools = new Map<Pool, Map<Runner, Warm>>();
  readonly #closing = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: WarmthOptions) {
    this.#options = options;
  }

  /** Something of the pool changed: warms what is reserved, and lets go what is not idle any more. */
  look(pool: Pool): void {
    if (this.#stopped) return;
    const warm = this.#pools.get(pool) ?? new Map<Runner, Warm>();
    for (const [runner, { shell, incarnation }] of warm) {
      const stays = runner.state === "claiming" || (runner.state === "idle" && runner.reserved);
      if (stays && this.#incarnationOf(runner) === incarnation) continue;
      warm.delete(runner);
      this.#close(shell);
    }
    for (const runner of pool.reserved()) if (!warm.has(runner)) warm.set(runner, this.#warm(runner));
    if (warm.size > 0) this.#pools.set(pool, warm);
    else this.#pools.delete(pool);
  }

  /** The shell of a runner that is handed to a client, if it is warm: from now on it is the caller's. */
  take(pool: Pool | undefined, runner: Runner): RunnerShell | undefined {
    const warm = pool && this.#pools.get(pool);
    const found = warm?.get(runner);
    if (warm === undefined || found === undefined) return undefined;
    warm.delete(runner);
    if (found.incarnation === this.#incarnationOf(runner)) return found.shell;
    this.#close(found.shell);
    return undefined;
  }

  /** Closes what waits for claims; nothing is warmed from now on. Resolves when it is closed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const warm of this.#pools.values()) for (const { shell } of warm.values()) this.#close(shell);
    this.#pools.clear();
    await Promise.all(this.#closing);
  }

  #warm(runner: Runner): Warm {
    const allocation = this.#options.view.allocation(runner.id);
    const shell = openShellOf(this.#options.openShell, runner, { ...this.#options, allocation, clean: true });
    shell.warm({ keep: true });
    return { shell, incarnation: allocation?.incarnation };
  }

  #incarnationOf(runner: Runner): string | undefined {
    return this.#options.view.allocation(runner.id)?.incarnation;
  }

  #close(shell: RunnerShell): void {
    const closing = shell.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
