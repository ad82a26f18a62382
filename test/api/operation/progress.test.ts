import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Duration } from "../../../src/telemetry/duration.js";
import { Lab } from "../../support/lab.js";
import type { LogLine } from "../../support/recording-logger.js";
import type { TestServer } from "../../support/server.js";
import { until } from "../../support/until.js";

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.start();
});
afterEach(() => lab.stopServers());
afterAll(() => lab.stop());

const OFTEN = { timings: { progress: 20 } };
const duration = expect.any(Duration);

const lines = (server: TestServer, message: string): LogLine[] =>
  server.lines.filter((line) => line.message === message);

const line = (server: TestServer, message: string) =>
  until(`the line "${message}"`, () => lines(server, message)[0], { within: 50_000 });

describe("the log tells", () => {
  it("how far a large pool is, and when it is full", async () => {
    const server = await lab.server({}, OFTEN);
    await lab.fault({ fault: "hold-placements" });
    await server.client.put(300, { prewarmingPoolSize: 100 });
    const { level, fields } = await until("a line with all of them starting", () =>
      lines(server, "a pool is being filled").find((one) => one.fields.starting === 100),
    );
    expect({ level, fields }).toEqual({
      level: "info",
      fields: { package: "runner", environment_id: 300, size: 100, idle: 0, starting: 100, duration },
    });
    await lab.fault({ fault: "release-placements" });
    const full = await line(server, "a pool is full");
    expect(full.fields).toMatchObject({ environment_id: 300, size: 100, idle: 100, starting: 0, duration });
  });

  it("nothing of pools that lack few runners, nor of one that is gone", async () => {
    const server = await lab.server({}, OFTEN);
    await lab.fault({ fault: "hold-placements" });
    await server.client.put(301, { prewarmingPoolSize: 9 });
    await server.client.put(302, { prewarmingPoolSize: 10 });
    await line(server, "a pool is being filled");
    await server.client.call("DELETE", "/execution-environments/302");
    const told = lines(server, "a pool is being filled");
    expect(new Set(told.map(({ fields }) => fields.environment_id))).toEqual(new Set([302]));
    await lab.fault({ fault: "release-placements" });
    await server.settled(301, { idle: 9 }, { within: 50_000 });
    expect(lines(server, "a pool is full")).toEqual([]);
  });

  it("how far a long recovery is, and what was found", async () => {
    const first = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await first.client.put(303, { prewarmingPoolSize: 40 });
    await first.settled(303, { idle: 40 }, { within: 50_000 });
    await first.claimed(303);
    await first.settled(303, { idle: 40, used: 1 }, { within: 50_000 });
    await first.stop();
    await lab.fault({ fault: "delay-answer", method: "GET", path: "^/v1/job/", delay: 150, count: 100 });
    const second = await lab.server({}, OFTEN);
    const { level, fields } = await line(second, "jobs are being read from Nomad");
    expect(level).toBe("info");
    expect(fields).toMatchObject({ package: "nomad", duration });
    // Events that are still in Nomad's buffer tell of some.
    expect(fields.jobs).toBeGreaterThan(1);
    expect(fields.read).toBeLessThan(fields.jobs as number);
    const recovered = await line(second, "recovered");
    expect(recovered.fields).toEqual({ environments: 1, idle: 40, starting: 0, used: 1, duration });
  });

  it("each change of an environment in one line, with outcome and duration", async () => {
    // Nothing but the changes themselves registers a job.
    const server = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await server.client.put(304, { prewarmingPoolSize: 0 });
    await server.client.put(304, { prewarmingPoolSize: 0, memoryLimit: 50 });
    await lab.fault({ fault: "answer", method: "POST", path: "^/v1/jobs$", with: 400, body: "no", count: 1 });
    await server.client.put(305, { prewarmingPoolSize: 0 });
    await server.client.call("DELETE", "/execution-environments/304");
    await server.client.call("DELETE", "/execution-environments/304");
    const told = lines(server, "environment").map(({ level, fields }) => [
      level,
      fields.environment_id,
      fields.outcome,
      fields.duration,
    ]);
    expect(told).toEqual([
      ["info", 304, "created", duration],
      ["info", 304, "replaced", duration],
      ["warn", 305, "failed", duration],
      ["info", 304, "deleted", duration],
      ["info", 304, "unknown", duration],
    ]);
    expect(lines(server, "environment")[2]?.fields.error).toBeDefined();
  });
});
