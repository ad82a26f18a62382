import type { Logger } from "../telemetry/logger.js";

/** What the alert works with. */
export interface DepletionAlertOptions {
  /** Seconds: `server.alert.prewarmingpoolreloadtimeout`; 0 = no reload. */
  readonly reloadTimeout: number;
  isDepleted(environmentId: number): boolean;
  /** Reads the environment's runners from Nomad again and brings its pool to size. */
  reload(environmentId: number): Promise<void>;
  readonly logger: Logger;
}

/** Warns of a pool that stays depleted, and reloads its environment (lifecycle.md, "Alert and reload"). */
export class DepletionAlert {
  readonly #options: DepletionAlertOptions;
  readonly #timers = new Map<number, NodeJS.Timeout>();
  #stopped = false;

  constructor(options: DepletionAlertOptions) {
    this.#options = options;
  }

  /** The figures of an environment's pool may have changed. */
  look(environmentId: number): void {
    const { reloadTimeout, isDepleted } = this.#options;
    if (reloadTimeout === 0 || this.#stopped) return;
    const timer = this.#timers.get(environmentId);
    if (!isDepleted(environmentId)) {
      clearTimeout(timer);
      this.#timers.delete(environmentId);
    } else if (timer === undefined) {
      const alarm = setTimeout(() => void this.#raise(environmentId), reloadTimeout * 1_000);
      this.#timers.set(environmentId, alarm.unref());
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async #raise(environmentId: number): Promise<void> {
    const { isDepleted, reload, logger, reloadTimeout } = this.#options;
    // Nobody tells of an environment that went meanwhile.
    if (!isDepleted(environmentId)) {
      this.#timers.delete(environmentId);
      return;
    }
    logger.warn("the prewarming pool is depleting and does not recover, reloading the environment", {
      environment_id: environmentId,
      seconds: reloadTimeout,
    });
    try {
      await reload(environmentId);
    } catch (error) {
      logger.warn("an environment could not be reloaded", { environment_id: environmentId, error });
    }
    this.#timers.delete(environmentId);
    this.look(environmentId);
  }
}
