import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Lab } from "../../support/lab.js";
import type { TestServer } from "../../support/server.js";
import { until } from "../../support/until.js";

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.start();
});
afterEach(() => lab.stopServers());
afterAll(() => lab.stop());

/** Snapshots often, so that what an event did not tell is found soon. */
const OFTEN = { POSEIDON_NOMAD_SNAPSHOTINTERVAL: "1" };

/** Claims, returns and deaths; afterwards everything is as it should be, here and at Nomad. */
async function turbulence(server: TestServer, environment: number): Promise<void> {
  const size = 4;
  await server.client.put(environment, { prewarmingPoolSize: size });
  await server.settled(environment, { idle: size, used: 0 });
  const used = [await server.claimed(environment), await server.claimed(environment)];
  await server.settled(environment, { idle: size, used: 2 });
  const idle = (await lab.jobIds(`${environment}-`)).filter((id) => !used.includes(id));
  await lab.purge(idle[0] ?? "");
  await lab.kill(idle[1] ?? "", "lost");
  await server.client.call("DELETE", `/runners/${used[0]}`);
  await lab.kill(used[1] ?? "", "lost");
  await until("the used one to be gone", async () => (await server.statusOf(used[1] ?? "")) === 410);
  await server.settled(environment, { idle: size, used: 0 });
  await until("Nomad to have no more", async () => {
    return (await lab.jobIds(`${environment}-`)).length === size;
  });
}

describe("the cluster view", () => {
  it.each([
    ["all job events are lost", 30, [{ fault: "drop-events", topic: "Job", count: 1_000 }]],
    ["all allocation events are lost", 31, [{ fault: "drop-events", topic: "Allocation", count: 1_000 }]],
    [
      "every event of jobs and allocations is lost",
      32,
      [
        { fault: "drop-events", topic: "Job", count: 1_000 },
        { fault: "drop-events", topic: "Allocation", count: 1_000 },
      ],
    ],
    ["events are late", 33, [{ fault: "delay-events", delay: 150, count: 1_000 }]],
    ["job events alone are late", 34, [{ fault: "delay-events", topic: "Job", delay: 300, count: 1_000 }]],
    ["events come twice", 35, [{ fault: "duplicate-events", count: 1_000 }]],
    ["events come out of order", 36, [{ fault: "reorder-events", count: 1_000 }]],
    [
      "events come late, twice and out of order",
      37,
      [
        { fault: "delay-events", delay: 50, topic: "Allocation", count: 20 },
        { fault: "duplicate-events", count: 1_000 },
        { fault: "reorder-events", count: 1_000 },
      ],
    ],
    [
      "registers are answered after their evaluation",
      38,
      [{ fault: "register-order", answer: "after-events" }],
    ],
    [
      "registers are answered before their events",
      39,
      [{ fault: "register-order", answer: "before-events" }],
    ],
  ] as const)("is right in the end when %s", async (_, environment, faults) => {
    const server = await lab.server(OFTEN);
    for (const fault of faults) await lab.fault(fault);
    await turbulence(server, environment);
  });

  it("does not take runners for gone whose job's events are missing", async () => {
    const server = await lab.server();
    await lab.fault({ fault: "drop-events", topic: "Job", count: 1_000 });
    await lab.fault({ fault: "hold-placements" });
    await server.client.put(40, { prewarmingPoolSize: 5 });
    const registered = await lab.jobIds("40-");
    await server.settled(40, { idle: 0, starting: 5 });
    await lab.fault({ fault: "release-placements" });
    await server.settled(40, { idle: 5 });
    expect(await lab.jobIds("40-")).toEqual(registered);
  });

  it.each(["end", "cut", "mid-line", "mid-character"])(
    "follows a new stream when the old one is torn (%s)",
    async (how) => {
      const server = await lab.server();
      await server.client.put(41, { prewarmingPoolSize: 2 });
      await server.settled(41, { idle: 2 });
      await lab.fault({ fault: "drop-events", count: 3 });
      const [idle = ""] = await lab.jobIds("41-");
      await lab.purge(idle);
      await lab.fault({ fault: "close-streams", how });
      await server.settled(41, { idle: 2, used: 0 });
      await until("the new one", async () => {
        const ids = await lab.jobIds("41-");
        return ids.length === 2 && !ids.includes(idle);
      });
    },
  );

  it("asks for evaluations while no stream can tell them: a PUT is answered all the same", async () => {
    const server = await lab.server();
    const path = "^/v1/event/stream$";
    await lab.fault({ fault: "answer", method: "GET", path, with: 429, count: 1_000 });
    await lab.fault({ fault: "close-streams" });
    await until("the loss", () => server.lines.some(({ message }) => /event stream is lost/.test(message)));
    const reads = "^/v1/evaluation/";
    await lab.fault({ fault: "delay-answer", method: "GET", path: reads, delay: 1, count: 1 });
    expect((await server.client.put(43, { prewarmingPoolSize: 2 })).status).toBe(201);
    const active = (await lab.call("GET", "/v1/faults")).body;
    expect(active).not.toContainEqual(expect.objectContaining({ path: reads }));
    expect(server.lines.filter(({ message }) => /did not decide/.test(message))).toEqual([]);
    await lab.fault();
    await server.settled(43, { idle: 2 });
  });

  it("follows Nomad through a restart of it, with and without its state", async () => {
    const server = await lab.server();
    await server.client.put(42, { prewarmingPoolSize: 2 });
    await server.settled(42, { idle: 2 });
    const before = await lab.jobIds("42-");
    await lab.fault({ fault: "restart-agent", keepState: true, downFor: 100 });
    await until("the reconnect", () => server.lines.some(({ message }) => /reachable again/.test(message)));
    expect(await lab.jobIds("42-")).toEqual(before);
    await server.settled(42, { idle: 2 });
    await lab.fault({ fault: "restart-agent", keepState: false, downFor: 100 });
    await until("new runners", async () => {
      const ids = await lab.jobIds("42-").catch(() => []);
      return ids.length === 2 && ids.every((id) => !before.includes(id));
    });
    await server.settled(42, { idle: 2 });
  });
});
