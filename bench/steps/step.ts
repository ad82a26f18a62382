import type { BenchClient } from "../client.js";
import type { Bounds, Samples } from "../measure/repeat.js";

/** An image's environment, with runners of it that were claimed before anything is timed. */
export interface ImageBench {
  /** What the column is called: how the image's setuser is made. */
  readonly label: string;
  readonly image: string;
  readonly environmentId: number;
  readonly runners: readonly string[];
}

/** What a step measures with. */
export interface StepContext {
  readonly client: BenchClient;
  readonly bounds: Bounds;
  /** Idle runners that each environment keeps. */
  readonly poolSize: number;
  /** An environment id of the bench's own that is free. */
  readonly spareEnvironmentId: number;
  /** The server's process, where it is on this machine. */
  readonly serverPid: number | undefined;
  /** Resolves when the pool is full again and a moment passed. */
  settled(environmentId: number): Promise<void>;
}

/** One row of the table. */
export interface Step {
  readonly id: string;
  readonly title: string;
  readonly unit: "ms" | "MB/s" | "/s" | "MiB";
  readonly better: "less" | "more";
  /** `each`: it depends on the image; `once`: it does not. */
  readonly images: "each" | "once";
  /** The goal as performance.md has it for a machine with 2 cores, and as a ratio to the baseline where there is one. */
  readonly goal: { readonly value: number; readonly cold?: number; readonly ratio?: number };
  run(context: StepContext, bench: ImageBench): Promise<Samples>;
}
