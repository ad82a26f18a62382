import { formatNumber, formatTable } from "../report/format.js";
import type { ScalePart } from "./series.js";

/** Everything that the load test measured; written as it is by `--json`. */
export interface ScaleResults {
  readonly conditions: Readonly<Record<string, string | number>>;
  readonly parts: readonly ScalePart[];
}

/** A table for each part: the figures at each size, how they grow, and the goal at the largest. */
export function formatScale({ conditions, parts }: ScaleResults): string {
  const head = Object.entries(conditions)
    .map(([key, value]) => `${key}: ${value}`)
    .join("; ");
  const tables = parts.map(({ title, sizes, series }) =>
    formatTable(
      [title, "unit", ...sizes.map((size) => size.toLocaleString("en")), "growth", "goal"],
      series.map(({ title: name, unit, points, growth, goal }) => [
        name,
        unit,
        ...sizes.map((size) => formatNumber(points.find((point) => point.size === size)?.value)),
        formatNumber(growth),
        goal === undefined ? "" : `< ${goal}`,
      ]),
    ),
  );
  return [head, ...tables].join("\n\n");
}
