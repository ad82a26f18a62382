import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Lab } from "../../support/lab.js";
import { until } from "../../support/until.js";

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.start();
});
afterEach(() => lab.stopServers());
afterAll(() => lab.stop());

describe("pools", () => {
  it("are exact after claims and returns", async () => {
    const server = await lab.server();
    expect((await server.client.put(10, { prewarmingPoolSize: 5 })).status).toBe(201);
    await server.settled(10, { idle: 5, used: 0 });
    const ids = [await server.claimed(10), await server.claimed(10), await server.claimed(10)];
    expect(new Set(ids).size).toBe(3);
    await server.settled(10, { idle: 5, used: 3 });
    for (const id of ids) {
      expect((await server.client.call("DELETE", `/runners/${id}`)).status).toBe(204);
      expect(await lab.job(id)).toBeUndefined();
      expect(await server.statusOf(id)).toBe(410);
    }
    await server.settled(10, { idle: 5, used: 0 });
    expect(await lab.jobIds("10-")).toHaveLength(5);
  });

  it("hand out each runner once to 200 claims at once on 100", async () => {
    const server = await lab.server();
    await server.client.put(11, { prewarmingPoolSize: 100 });
    await server.settled(11, { idle: 100 }, { within: 20_000 });
    await lab.fault({ fault: "hold-placements" });
    const answers = await Promise.all(Array.from({ length: 200 }, () => server.claim(11)));
    const given = answers.filter(({ status }) => status === 200).map((answer) => answer.json().runnerId);
    const refused = answers.filter(({ status }) => status !== 200);
    for (const answer of refused) {
      expect([answer.status, answer.json()]).toEqual([
        500,
        {
          message: "no runners available for this execution environment",
          errorCode: "NOMAD_OVERLOAD",
        },
      ]);
    }
    expect(given).toHaveLength(100);
    expect(new Set(given).size).toBe(100);
    await lab.fault({ fault: "release-placements" });
    await server.settled(11, { idle: 100, used: 100 }, { within: 20_000 });
    const marks = async () => {
      const all = await Promise.all(given.map((id) => lab.meta(id)));
      return all.every((meta) => meta?.["reserved"] === undefined) && all;
    };
    const metas = await until("all marks set right", marks, { within: 20_000 });
    for (const meta of metas) expect(meta).toEqual({ used: "true", timeout: "0" });
  });
});
