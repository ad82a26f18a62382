import fc from "fast-check";
import { expect, it } from "vitest";
import { preciseNow, timestamp } from "../../../src/telemetry/timestamp.js";

it("has six digits and stays within the millisecond", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4e12 }),
      fc.integer({ min: 0, max: 999 }),
      (milliseconds, micro) => {
        const text = timestamp(milliseconds + micro / 1000 + 0.0001);
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
        expect(Date.parse(text)).toBe(milliseconds);
      },
    ),
  );
  expect(timestamp(0)).toBe("1970-01-01T00:00:00.000000Z");
});

it("follows the wall clock", () => {
  const before = Date.now();
  const now = preciseNow();
  expect(now).toBeGreaterThanOrEqual(before - 1);
  expect(now).toBeLessThanOrEqual(Date.now() + 2);
});
