import type { PathCounts } from "../measure/metrics.js";
import type { Samples } from "../measure/repeat.js";
import { ratio, type Summary, summarize } from "../measure/statistics.js";
import type { Step } from "../steps/step.js";

/** What one step measured with one image. */
export interface Measurement {
  /** The column: how the image's setuser is made; undefined for what does not depend on the image. */
  readonly image: string | undefined;
  readonly summary: Summary;
  readonly ratio: number | undefined;
  /** Executions by the path they took; undefined where the server does not tell. */
  readonly paths: PathCounts | undefined;
  readonly failed: number;
  readonly failures: readonly string[];
  readonly samples: readonly number[];
}

/** A row of the table. */
export interface Row extends Pick<Step, "id" | "title" | "unit" | "better" | "goal"> {
  readonly measurements: readonly Measurement[];
}

/** Puts a measurement together. Only times are compared with the baseline. */
export function measurementOf(
  step: Pick<Step, "unit" | "better">,
  samples: Samples,
  parts: {
    readonly image: string | undefined;
    readonly paths: PathCounts | undefined;
    readonly baseline: number | undefined;
  },
): Measurement {
  const summary = summarize(samples.values, { better: step.better });
  return {
    image: parts.image,
    summary,
    ratio: step.unit === "ms" ? ratio(summary.median, parts.baseline) : undefined,
    paths: parts.paths,
    failed: samples.failed,
    failures: samples.failures,
    samples: samples.values,
  };
}

/** `28 fast, 2 plain`; `unknown` where the server does not tell. */
export function formatPaths(paths: PathCounts | undefined): string {
  if (paths === undefined) return "unknown";
  const entries = Object.entries(paths).sort(([one], [other]) => one.localeCompare(other));
  return entries.map(([path, count]) => `${count} ${path}`).join(", ") || "–";
}
