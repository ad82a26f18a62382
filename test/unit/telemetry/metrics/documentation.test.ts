import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { metricTables } from "../../../../src/telemetry/metrics/documentation.js";

const page = readFileSync(new URL("../../../../docs/metrics.md", import.meta.url), "utf8");

it("docs/metrics.md has the tables of the metrics", () => {
  expect(page.includes(metricTables()), "run: node scripts/generate-docs.mjs").toBe(true);
});
