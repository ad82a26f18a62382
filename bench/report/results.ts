import type { BreakdownPart } from "../breakdown/breakdown.js";
import { ratio, type Summary } from "../measure/statistics.js";
import { formatNumber, formatTable } from "./format.js";
import { formatPaths, type Measurement, type Row } from "./row.js";

/** Everything that a run of the bench measured; written as it is by `--json`. */
export interface Results {
  readonly conditions: Readonly<Record<string, string | number>>;
  readonly baseline: { readonly name: string; readonly unit: "ms"; readonly summary: Summary };
  readonly rows: readonly Row[];
  readonly breakdown: readonly BreakdownPart[];
}

/** The results as text: conditions, the table, what failed, and where the time goes. */
export function formatResults({ conditions, baseline, rows, breakdown }: Results): string {
  const labels = [...new Set(rows.flatMap((row) => row.measurements.map(({ image }) => image)))].filter(
    (label) => label !== undefined,
  );
  const [first, ...others] = labels;
  const header = ["step", "unit", "n", "median", "p95", "ratio", "goal", "executions"];
  for (const label of others) header.push(`${label}: median`, "p95", "ratio", "executions");
  const cells = rows.map((row) => {
    const main = row.measurements.find(({ image }) => image === undefined || image === first);
    const rest = others.map((label) => row.measurements.find(({ image }) => image === label));
    return [
      row.title,
      row.unit,
      main === undefined ? "–" : String(main.summary.count),
      ...figuresOf(main),
      goalOf(row),
      main === undefined ? "–" : formatPaths(main.paths),
      ...rest.flatMap((one) => [...figuresOf(one), one === undefined ? "" : formatPaths(one.paths)]),
    ];
  });
  const { name, summary } = baseline;
  const base = `baseline: ${name}, median ${formatNumber(summary.median)} ms, p95 ${formatNumber(summary.p95)} ms, n ${summary.count}`;
  return [
    Object.entries(conditions)
      .map(([key, value]) => `${key}: ${value}`)
      .join("; "),
    base + (first === undefined ? "" : `; columns without a name: ${first}`),
    "",
    formatTable(header, cells),
    ...failuresOf(rows),
    ...(breakdown.length === 0 ? [] : ["", formatBreakdown(breakdown)]),
  ].join("\n");
}

function figuresOf(measurement: Measurement | undefined): string[] {
  if (measurement === undefined) return ["", "", ""];
  const { summary } = measurement;
  return [formatNumber(summary.median), formatNumber(summary.p95), formatNumber(measurement.ratio)];
}

function goalOf({ goal, better }: Row): string {
  const value = `${better === "less" ? "≤" : "≥"} ${goal.value}`;
  return goal.ratio === undefined ? value : `${value} (${goal.ratio})`;
}

function failuresOf(rows: readonly Row[]): string[] {
  return rows.flatMap(({ title, measurements }) =>
    measurements
      .filter(({ failed }) => failed > 0)
      .map(
        ({ image, failed, failures }) =>
          `FAILED ${title}${image ? ` (${image})` : ""}: ${failed} times: ${failures.join("; ")}`,
      ),
  );
}

/** One execution in microseconds, each part with its share. */
export function formatBreakdown(parts: readonly BreakdownPart[]): string {
  const whole = parts.reduce((sum, { microseconds, within }) => sum + (within ? 0 : microseconds), 0);
  const rows = parts.map(({ name, microseconds }) => [
    name,
    microseconds.toFixed(0),
    `${((ratio(microseconds, whole) ?? Number.NaN) * 100).toFixed(0)} %`,
  ]);
  const sum = ["sum of the medians", whole.toFixed(0), ""];
  return formatTable(["where the time of one `true` goes", "µs", "share"], [...rows, sum]);
}
