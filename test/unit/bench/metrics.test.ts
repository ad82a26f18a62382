import { expect, test } from "vitest";
import {
  executionPaths,
  loopDelay,
  meanBetween,
  parseMetrics,
  pathsBetween,
} from "../../../bench/measure/metrics.js";
import { parseUse } from "../../../bench/measure/processes.js";

const PAGE = `# HELP poseidon_executions_total Executions that are over
# TYPE poseidon_executions_total counter
poseidon_executions_total{path="fast",outcome="exit"} 40
poseidon_executions_total{path="fast",outcome="timeout"} 2
poseidon_executions_total{path="plain",outcome="exit"} 3
other_total{path="a \\"quoted\\" } label"} 1.5e3 1700000000000
nodejs_eventloop_lag_p99_seconds 0.0125
nodejs_eventloop_lag_max_seconds 0.031
not a metric
`;

test("a metrics page is read with its labels", () => {
  const samples = parseMetrics(PAGE);
  expect(samples).toHaveLength(6);
  expect(samples[3]).toEqual({
    name: "other_total",
    labels: { path: 'a \\"quoted\\" } label' },
    value: 1_500,
  });
});

test("executions are counted by path, whatever their outcome", () => {
  const before = executionPaths(parseMetrics(PAGE));
  expect(before).toEqual({ fast: 42, plain: 3 });
  expect(pathsBetween(before, { fast: 72, plain: 3 })).toEqual({ fast: 30 });
  expect(pathsBetween(undefined, { fast: 2 })).toEqual({ fast: 2 });
});

test("a server that does not tell the path is not guessed at", () => {
  expect(executionPaths(parseMetrics("other_total 1\n"))).toBeUndefined();
  expect(pathsBetween({ fast: 1 }, undefined)).toBeUndefined();
});

test("the event loop's delay is what goes beyond the period of its timer", () => {
  expect(loopDelay(parseMetrics(PAGE))).toEqual({ p99: 2.5, max: 21 });
  expect(loopDelay([])).toBeUndefined();
});

test("a histogram's mean is that of what came between two looks", () => {
  const page = (sum: number, count: number) =>
    parseMetrics(`lag_seconds_bucket{le="1"} 4\nlag_seconds_sum ${sum}\nlag_seconds_count ${count}\n`);
  expect(meanBetween("lag_seconds", page(10, 4), page(16, 6))).toBe(3);
  expect(meanBetween("lag_seconds", page(10, 4), page(10, 4))).toBeNaN();
  expect(meanBetween("lag_seconds", [], page(8, 4))).toBe(2);
});

test("CPU time and memory are read from /proc, whatever the program is called", () => {
  const stat = "42 (a) b) S 1 42 42 0 -1 4194560 100 0 0 0 123 45 0 0 20 0 11 0 1000 1 2";
  expect(parseUse(stat, "Name:\ta\nVmRSS:\t  2048 kB\nThreads:\t11\n")).toEqual({
    cpuMs: 1_680,
    memoryMiB: 2,
  });
});
