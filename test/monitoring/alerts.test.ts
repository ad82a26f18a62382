import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { COUNTERS, GAUGES, HISTOGRAMS } from "../../src/telemetry/metrics/definitions.js";

const folder = fileURLToPath(new URL("../../deploy/prometheus/", import.meta.url));
const promtool = (...args: string[]) => execFileSync("promtool", args, { cwd: folder, encoding: "utf8" });

interface Rule {
  readonly alert: string;
  readonly expr: string;
}
interface Staged {
  readonly alert_rule_test: readonly {
    readonly alertname: string;
    readonly exp_alerts?: readonly unknown[];
  }[];
}

const read = (name: string) => parse(readFileSync(`${folder}${name}`, "utf8"));
const rules: readonly Rule[] = read("alerts.yml").groups.flatMap(
  ({ rules }: { rules: readonly Rule[] }) => rules,
);

test("each alert fires in its staged fault and is silent in a healthy run", () => {
  expect(promtool("check", "rules", "alerts.yml")).toContain(`${rules.length} rules found`);
  expect(promtool("test", "rules", "alerts.test.yml")).toContain("SUCCESS");
  const staged: readonly Staged[] = read("alerts.test.yml").tests;
  const looks = staged.flatMap(({ alert_rule_test }) => alert_rule_test);
  for (const { alert } of rules) {
    const expected = looks.filter(({ alertname }) => alertname === alert);
    expect(
      expected.some(({ exp_alerts = [] }) => exp_alerts.length > 0),
      alert,
    ).toBe(true);
    expect(
      expected.some(({ exp_alerts = [] }) => exp_alerts.length === 0),
      alert,
    ).toBe(true);
  }
});

test("alerts ask for metrics that there are", () => {
  const names = new Set(
    [COUNTERS, GAUGES, HISTOGRAMS].flatMap((table) => Object.values(table).map(({ name }) => name)),
  );
  for (const { alert, expr } of rules) {
    for (const [name] of expr.matchAll(/poseidon_[a-z_]+/g))
      expect(names.has(name), `${alert}: ${name}`).toBe(true);
  }
});
