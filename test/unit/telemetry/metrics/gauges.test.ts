import { expect, test } from "vitest";
import { createMetrics } from "../../../../src/telemetry/metrics.js";
import { samplesOf } from "../../../support/samples.js";

test("a gauge without a value is absent, and comes and goes with it", async () => {
  const metrics = createMetrics();
  let end: number | undefined;
  metrics.gauge("certificateEnd", () => (end === undefined ? [] : [[{}, end]]));
  metrics.gauge("poolSize", () => (end === undefined ? [] : [[{ environment_id: "10" }, end]]));
  const values = async () => {
    const samples = samplesOf((await metrics.text()).body);
    return [
      samples.get("poseidon_tls_certificate_not_after_timestamp_seconds"),
      samples.get('poseidon_pool_size{environment_id="10"}'),
    ];
  };
  expect(await values()).toEqual([undefined, undefined]);
  end = 5;
  expect(await values()).toEqual([5, 5]);
  end = 0;
  expect(await values()).toEqual([0, 0]);
  end = undefined;
  expect(await values()).toEqual([undefined, undefined]);
});
