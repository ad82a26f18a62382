import { describe, expect, it } from "vitest";
import { COUNTERS, GAUGES, HISTOGRAMS } from "../../../src/telemetry/metrics/definitions.js";
import { createMetrics } from "../../../src/telemetry/metrics.js";

const lines = async (metrics: ReturnType<typeof createMetrics>, name: string) =>
  (await metrics.text()).body.split("\n").filter((line) => line.startsWith(name));

describe("metrics", () => {
  it("count, measure in seconds, and are read when somebody asks", async () => {
    const metrics = createMetrics();
    metrics.count("claims", { result: "claimed", kind: "reserved" });
    metrics.count("claims", { result: "claimed", kind: "reserved" }, 2);
    expect(await lines(metrics, "poseidon_claims_total")).toEqual([
      'poseidon_claims_total{result="claimed",kind="reserved"} 3',
    ]);
    metrics.observe("stepDuration", { step: "claim" }, 3);
    const buckets = await lines(metrics, "poseidon_step_duration_seconds_bucket");
    expect(buckets).toContain('poseidon_step_duration_seconds_bucket{le="0.0025",step="claim"} 0');
    expect(buckets).toContain('poseidon_step_duration_seconds_bucket{le="0.005",step="claim"} 1');
    let sizes: [{ environment_id: string }, number][] = [[{ environment_id: "1" }, 5]];
    metrics.gauge("poolSize", () => sizes);
    expect(await lines(metrics, "poseidon_pool_size")).toEqual(['poseidon_pool_size{environment_id="1"} 5']);
    sizes = [[{ environment_id: "2" }, 6]];
    expect(await lines(metrics, "poseidon_pool_size")).toEqual(['poseidon_pool_size{environment_id="2"} 6']);
  });

  it("of two servers in one process are apart", async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    one.count("repairs", {}, 2);
    expect(await lines(one, "poseidon_nomad_snapshot_repairs_total")).toEqual([
      "poseidon_nomad_snapshot_repairs_total 2",
    ]);
    expect(await lines(other, "poseidon_nomad_snapshot_repairs_total")).toEqual([
      "poseidon_nomad_snapshot_repairs_total 0",
    ]);
  });

  it("are named as Prometheus has it: base units, _total for counters", () => {
    for (const { name, help } of Object.values(COUNTERS)) {
      expect(name).toMatch(/^poseidon_[a-z_]+_total$/);
      expect(help).not.toMatch(/\.$/);
    }
    for (const { name, buckets } of Object.values(HISTOGRAMS)) {
      expect(name).toMatch(/^poseidon_[a-z_]+_seconds$/);
      expect([...buckets].sort((a, b) => a - b)).toEqual(buckets);
    }
    for (const { name } of Object.values(GAUGES)) {
      expect(name).toMatch(/^poseidon_[a-z_]+$/);
      expect(name).not.toMatch(/_total$/);
    }
  });
});
