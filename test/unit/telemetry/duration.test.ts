import { expect, it } from "vitest";
import { Duration } from "../../../src/telemetry/duration.js";

it.each([
  [0, "0s"],
  [0.000_95, "950ns"],
  [0.0015, "1.5µs"],
  [1.2, "1.2ms"],
  [1.234567, "1.234567ms"],
  [1500, "1.5s"],
  [59_999, "59.999s"],
  [62_500, "1m2.5s"],
  [3_603_000, "1h0m3s"],
  [-1, "0s"],
])("%d ms is %s as in Go", (milliseconds, text) => {
  expect(String(new Duration(milliseconds))).toBe(text);
});

it("is a number of nanoseconds in JSON", () => {
  expect(JSON.stringify({ duration: new Duration(1.2) })).toBe('{"duration":1200000}');
});
