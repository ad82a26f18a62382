import type { EnvironmentSettings } from "../nomad/settings.js";

export type { EnvironmentSettings } from "../nomad/settings.js";

/** An execution environment as clients see it (rest-api.md). */
export interface ExecutionEnvironment extends EnvironmentSettings {
  readonly id: number;
}

/** The figures of one environment for `GET /statistics/execution-environments`. */
export interface EnvironmentStatistics {
  readonly id: number;
  readonly prewarmingPoolSize: number;
  readonly idleRunners: number;
  readonly usedRunners: number;
  readonly startingRunners: number;
}

/** What the API needs of the environment manager. Failures of Nomad are NomadErrors. */
export interface EnvironmentService {
  /** `fetch`: reload every template job from Nomad first (lifecycle.md, "Fetch"). Ids ascending. */
  list(options: { readonly fetch: boolean }): Promise<readonly ExecutionEnvironment[]>;
  get(id: number, options: { readonly fetch: boolean }): Promise<ExecutionEnvironment | undefined>;
  /** Creates or replaces; resolves once template job and pool are registered and evaluated. */
  put(id: number, settings: EnvironmentSettings): Promise<"created" | "replaced">;
  /** False when there is no such environment. */
  delete(id: number): Promise<boolean>;
  statistics(): readonly EnvironmentStatistics[];
  /** Ids, ascending, of environments whose idle share is below the alert threshold (rest-api.md, `/health`). */
  depleted(): readonly number[];
}
