import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Lab } from "../../support/lab.js";

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.start();
});
afterEach(() => lab.stopServers());
afterAll(() => lab.stop());

describe("a large pool", () => {
  it("is filled by a Nomad that takes longer for all of it than for one answer", async () => {
    const server = await lab.server();
    // 8 connections, 0.4 s each: 6 s, where a call may take 5 s.
    await lab.fault({ fault: "delay-answer", method: "POST", path: "^/v1/jobs$", delay: 400, count: 121 });
    const answer = await server.client.put(120, { prewarmingPoolSize: 120 });
    expect([answer.status, answer.text]).toEqual([201, ""]);
    await server.settled(120, { idle: 120 });
  });

  it("that the cluster cannot hold is 500 with the reason, and makes neither server nor Nomad grow without end", async () => {
    const server = await lab.server();
    await lab.fault({ fault: "refuse-placements", job: "121-", dimension: "memory" });
    const answer = await server.client.put(121, { prewarmingPoolSize: 2 ** 31 - 1 });
    expect([answer.status, answer.json().errorCode]).toEqual([500, "UNKNOWN"]);
    expect(answer.json().message).toMatch(/memory/);
    await server.settled(121, { idle: 0, starting: 256 }, { within: 30_000 });
    expect((await server.client.put(121, { prewarmingPoolSize: 1 })).status).toBe(500);
    expect(await lab.jobIds("121-")).toHaveLength(1);
    expect((await server.client.call("DELETE", "/execution-environments/121")).status).toBe(204);
    expect(await lab.jobIds("121-")).toEqual([]);
  });
});
