import { expect, test } from "vitest";
import { breakDown } from "../../../bench/breakdown/breakdown.js";
import { formatNumber, formatTable } from "../../../bench/report/format.js";
import { formatBreakdown, formatResults } from "../../../bench/report/results.js";
import { formatPaths, measurementOf } from "../../../bench/report/row.js";
import { formatScale } from "../../../bench/scale/report.js";
import { collectSeries } from "../../../bench/scale/series.js";
import { ratesIn } from "../../../bench/steps/rates.js";

test.each([
  [undefined, "–"],
  [Number.NaN, "–"],
  [0, "0"],
  [0.0456, "0.046"],
  [4.567, "4.57"],
  [45.67, "45.7"],
  [456.7, "457"],
])("%s is written as %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test("a table is aligned, numbers to the right", () => {
  expect(
    formatTable(
      ["step", "n"],
      [
        ["`true`", "30"],
        ["a", ""],
      ],
    ),
  ).toBe(["| step   |   n |", "| ------ | --: |", "| `true` |  30 |", "| a      |     |"].join("\n"));
});

test("a row has both images, the ratio of times, the goal, the path, and what failed", () => {
  const step = {
    id: "true",
    title: "`true`",
    unit: "ms",
    better: "less",
    goal: { value: 4.5, ratio: 0.05 },
  } as const;
  const shell = measurementOf(
    step,
    { values: [4, 6, 5], failed: 1, failures: ["it ended with exit code 1"] },
    { image: "shell setuser", paths: { plain: 1, fast: 2 }, baseline: 100 },
  );
  const python = measurementOf(
    step,
    { values: [8], failed: 0, failures: [] },
    { image: "Python setuser", paths: undefined, baseline: 100 },
  );
  const text = formatResults({
    conditions: { target: "a server" },
    baseline: { name: "a session", unit: "ms", summary: { count: 30, median: 100, p95: 120 } },
    rows: [{ ...step, measurements: [shell, python] }],
    breakdown: [],
  });
  expect(text).toContain("baseline: a session, median 100 ms, p95 120 ms, n 30");
  const row = text.split("\n").find((line) => line.startsWith("| `true`"));
  const cells = row?.split("|").map((cell) => cell.trim());
  expect(cells).toEqual([
    "",
    "`true`",
    "ms",
    "3",
    "5.00",
    "5.90",
    "0.050",
    "≤ 4.5 (0.05)",
    "2 fast, 1 plain",
    "8.00",
    "8.00",
    "0.080",
    "unknown",
    "",
  ]);
  expect(text).toContain("FAILED `true` (shell setuser): 1 times: it ended with exit code 1");
});

test("rates are not compared with a time", () => {
  const rate = { unit: "/s", better: "more" } as const;
  const parts = { image: undefined, paths: undefined, baseline: 100 };
  expect(measurementOf(rate, { values: [300], failed: 0, failures: [] }, parts).ratio).toBeUndefined();
});

test("a path that was not told is unknown, one that nothing took is not named", () => {
  expect(formatPaths(undefined)).toBe("unknown");
  expect(formatPaths({})).toBe("–");
});

test("ends are counted into windows that overlap, later ones are left out", () => {
  const rates = ratesIn([0, 332, 334, 1_999, 11_656, 11_700]);
  expect(rates).toHaveLength(30);
  expect(rates.slice(0, 3)).toEqual([2, 1, 0.5]);
  expect(rates.slice(28)).toEqual([0, 0.5]);
});

test("an execution is split at the stamps of its connections", () => {
  const times = { answered: 1, started: 2, firstOutput: undefined, ended: 10 };
  const wire = { firstToNomad: 3, firstFromNomad: 6, lastFromNomad: 9.5 };
  const parts = breakDown([
    { times, wire },
    { times, wire: { ...wire, firstFromNomad: undefined } },
  ]);
  expect(parts.map(({ microseconds }) => Math.round(microseconds))).toEqual([
    1_000, 2_000, 3_000, 3_500, 500,
  ]);
  expect(breakDown([])).toEqual([]);
  const within = { name: "of these", microseconds: 500, within: true };
  expect(formatBreakdown([...parts, within])).toMatch(/sum of the medians\s+\| 10000 /);
});

test("figures of several sizes become series with their growth", () => {
  const at = (size: number, value: number) => ({
    size,
    figures: { memory: { unit: "MiB", value, goal: 250 } },
  });
  const part = collectSeries("runners", [at(2_500, 80), at(5_000, 90), at(10_000, 320)]);
  expect(part.series[0]?.growth).toBeCloseTo(1);
  const text = formatScale({ conditions: { cores: 2 }, parts: [part] });
  expect(text).toContain("10,000");
  expect(text).toMatch(/\| memory\s+\|\s+MiB \|\s+80.0 \|\s+90.0 \|\s+320 \|\s+1.00 \|\s+< 250 \|/);
});
