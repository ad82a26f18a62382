import fc from "fast-check";
import { expect, test } from "vitest";
import { growth, percentile, ratio, summarize } from "../../../bench/measure/statistics.js";

test("percentiles are interpolated between ranks", () => {
  const samples = [40, 10, 30, 20];
  expect(percentile(samples, 0)).toBe(10);
  expect(percentile(samples, 0.5)).toBe(25);
  expect(percentile(samples, 1)).toBe(40);
  expect(percentile([7], 0.95)).toBe(7);
  expect(percentile([], 0.5)).toBeNaN();
});

test("a percentile lies between the samples, and grows with its share", () => {
  const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 50 });
  const share = fc.double({ noNaN: true, min: 0, max: 1 });
  fc.assert(
    fc.property(values, share, share, (samples, one, other) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      expect(percentile(samples, low)).toBeGreaterThanOrEqual(Math.min(...samples));
      expect(percentile(samples, high)).toBeLessThanOrEqual(Math.max(...samples));
      expect(percentile(samples, low)).toBeLessThanOrEqual(percentile(samples, high) + 1e-6);
    }),
  );
});

test("the bad end of a rate is its low one", () => {
  const samples = Array.from({ length: 101 }, (_, index) => index);
  expect(summarize(samples)).toEqual({ count: 101, median: 50, p95: 95 });
  expect(summarize(samples, { better: "more" })).toEqual({ count: 101, median: 50, p95: 5 });
});

test("without a baseline there is no ratio", () => {
  expect(ratio(5, 100)).toBe(0.05);
  expect(ratio(5, undefined)).toBeUndefined();
  expect(ratio(5, 0)).toBeUndefined();
  expect(ratio(Number.NaN, 100)).toBeUndefined();
});

test("growth tells constant, linear and quadratic cost apart", () => {
  const at = (size: number, value: number) => ({ size, value });
  expect(growth(at(10, 3), at(40, 3))).toBe(0);
  expect(growth(at(10, 3), at(40, 12))).toBeCloseTo(1);
  expect(growth(at(10, 3), at(40, 48))).toBeCloseTo(2);
  expect(growth(at(10, 0), at(40, 48))).toBeNaN();
});
