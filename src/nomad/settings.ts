/** What a client configures of an execution environment (rest-api.md), and what a template job stores of it (nomad.md). */
export interface EnvironmentSettings {
  /** How many idle runners to keep. */
  readonly prewarmingPoolSize: number;
  /** MHz. */
  readonly cpuLimit: number;
  /** MB; 0 = none of its own (nomad.md, "Job layout"). */
  readonly memoryLimit: number;
  readonly image: string;
  readonly networkAccess: boolean;
  /** Ports inside the runner to be mapped on its node; empty without network. */
  readonly exposedPorts: readonly number[];
}
