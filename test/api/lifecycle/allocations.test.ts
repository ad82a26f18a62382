import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Lab } from "../../support/lab.js";
import type { TestServer } from "../../support/server.js";
import { until } from "../../support/until.js";

let lab: Lab;
beforeAll(async () => {
  // Restarts of tasks without Nomad's 15 s, but not at once: the state in between is to be seen.
  lab = await Lab.start({ delayScale: 0.02 });
});
afterEach(() => lab.stopServers());
afterAll(() => lab.stop());

async function pool(server: TestServer, id: number, size: number): Promise<string[]> {
  await server.client.put(id, { prewarmingPoolSize: size });
  await server.settled(id, { idle: size, used: 0 });
  return await lab.jobIds(`${id}-`);
}

describe("an idle runner", () => {
  it.each(["oom", "restart"] as const)("goes on under its id after its task ended (%s)", async (how) => {
    const server = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    const ids = await pool(server, 90, 2);
    await lab.kill(ids[0] ?? "", how);
    await server.settled(90, { idle: 1, starting: 1 });
    await server.settled(90, { idle: 2 });
    expect(await lab.jobIds("90-")).toEqual(ids);
    const claimed = [await server.claimed(90), await server.claimed(90)];
    expect(claimed.sort()).toEqual([...ids].sort());
  });

  it("goes on under its id and stays reserved when it was reserved", async () => {
    const server = await lab.server({ POSEIDON_NOMAD_WARM: "1" });
    const [id = ""] = await pool(server, 91, 1);
    await until("its reservation", async () => (await lab.meta(id))?.["reserved"] !== undefined);
    await lab.kill(id, "oom");
    await server.settled(91, { idle: 0, starting: 1 });
    expect((await server.claim(91)).json().errorCode).toBe("NOMAD_OVERLOAD");
    await server.settled(91, { idle: 1 });
    expect(await server.claimed(91)).toBe(id);
  });

  it("that moves to another allocation keeps its id, with the new ports", async () => {
    const server = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await server.client.put(92, { prewarmingPoolSize: 1, networkAccess: true, exposedPorts: [80, 443] });
    await server.settled(92, { idle: 1 });
    const [id = ""] = await lab.jobIds("92-");
    const before = await lab.allocation(id);
    await lab.reschedule(id);
    await until("the new allocation", async () => {
      const allocation = await lab.allocation(id);
      return allocation.ID !== before.ID && allocation.ClientStatus === "running";
    });
    await server.settled(92, { idle: 1 });
    expect(await lab.jobIds("92-")).toEqual([id]);
    const { runnerId, mappedPorts } = (await server.claim(92)).json();
    expect(runnerId).toBe(id);
    const allocation = await lab.allocation(id);
    expect(mappedPorts).toEqual(
      allocation.AllocatedResources?.Shared?.Ports?.map(({ To, HostIP, Value }) => ({
        exposedPort: To,
        hostAddress: `${HostIP}:${Value}`,
      })),
    );
    expect(mappedPorts.map(({ exposedPort }: { exposedPort: number }) => exposedPort)).toEqual([80, 443]);
  });

  it.each(["failed", "complete"] as const)("that ends for good (%s) is replaced", async (how) => {
    // With Nomad's own delays: it must not start the failed one again before the server looked.
    const patient = await Lab.start();
    try {
      const server = await patient.server();
      await server.client.put(93, { prewarmingPoolSize: 2 });
      await server.settled(93, { idle: 2, used: 0 });
      const [first = ""] = await patient.jobIds("93-");
      await patient.kill(first, how);
      await until("another one", async () => {
        const now = await patient.jobIds("93-");
        return now.length === 2 && !now.includes(first);
      });
      await server.settled(93, { idle: 2 });
    } finally {
      await patient.stop();
    }
  });

  it("whose job is gone is replaced", async () => {
    const server = await lab.server();
    const ids = await pool(server, 94, 2);
    for (const id of ids) await lab.purge(id);
    await until("two others", async () => {
      const now = await lab.jobIds("94-");
      return now.length === 2 && now.every((id) => !ids.includes(id));
    });
    await server.settled(94, { idle: 2 });
  });
});

describe("a used runner", () => {
  it.each(["oom", "restart", "failed", "lost", "complete"] as const)(
    "is gone and destroyed when its allocation ends (%s); the pool stays exact",
    async (how) => {
      const server = await lab.server();
      await pool(server, 95, 2);
      const used = await server.claimed(95);
      await server.settled(95, { idle: 2, used: 1 });
      await lab.kill(used, how);
      await until("410", async () => (await server.statusOf(used)) === 410);
      await until("its job to go", async () => (await lab.job(used)) === undefined);
      await server.settled(95, { idle: 2, used: 0 });
      expect(await lab.jobIds("95-")).toHaveLength(2);
    },
  );

  it("is gone when it is moved to another allocation: its content did not come along", async () => {
    const server = await lab.server();
    await pool(server, 96, 1);
    const used = await server.claimed(96);
    await server.settled(96, { idle: 1, used: 1 });
    await lab.reschedule(used);
    await until("410", async () => (await server.statusOf(used)) === 410);
    await until("its job to go", async () => (await lab.job(used)) === undefined);
  });

  it("whose restart no event told is found by the snapshot", async () => {
    const server = await lab.server({ POSEIDON_NOMAD_SNAPSHOTINTERVAL: "1" });
    await pool(server, 97, 1);
    const used = await server.claimed(97);
    await server.settled(97, { idle: 1, used: 1 });
    await lab.fault({ fault: "drop-events", job: used, count: 1_000 });
    await lab.kill(used, "restart");
    await until("410", async () => (await server.statusOf(used)) === 410);
  });

  describe("whose server was away", () => {
    const runs = async (id: string, lives: number) => {
      const { TaskStates, ClientStatus, PreviousAllocation } = await lab.allocation(id);
      const task = TaskStates?.["default-task"];
      const begun = (task?.Restarts ?? 0) + (PreviousAllocation ? 1 : 0);
      return begun === lives && task?.State === "running" && ClientStatus === "running";
    };

    it.each<[string, (id: string) => Promise<void>]>([
      ["started again", (id) => lab.kill(id, "restart")],
      ["moved", (id) => lab.reschedule(id)],
    ])("is gone when it was %s meanwhile: its content is", async (_, harm) => {
      const first = await lab.server();
      await pool(first, 981, 1);
      const used = await first.claimed(981, 600);
      await until("its mark", async () => (await lab.meta(used))?.["timeout"] === "600");
      await first.settled(981, { idle: 1, used: 1 });
      first.crash();
      await harm(used);
      await until("its second life", () => runs(used, 1));
      const second = await lab.server();
      expect(await second.statusOf(used)).toBe(410);
      await until("its job to go", async () => (await lab.job(used)) === undefined);
      await second.settled(981, { idle: 1 });
    });

    it("stays when it was started again before it was claimed", async () => {
      const first = await lab.server();
      await pool(first, 982, 1);
      const [id = ""] = await lab.jobIds("982-");
      await lab.kill(id, "restart");
      await until("its second life", () => runs(id, 1));
      await first.settled(982, { idle: 1 });
      expect(await first.claimed(982, 600)).toBe(id);
      await until("its mark", async () => (await lab.meta(id))?.["timeout"] === "600");
      first.crash();
      const second = await lab.server();
      expect(await second.statusOf(id)).toBe(200);
    });
  });

  it("ends after its inactivity timeout, counted from the claim", async () => {
    const server = await lab.server();
    await pool(server, 98, 2);
    const [short, endless] = [await server.claimed(98, 1), await server.claimed(98, 0)];
    // Preparing an execution does not count as use.
    await until("410", async () => (await server.statusOf(short)) === 410, { within: 3_000 });
    await until("its job to go", async () => (await lab.job(short)) === undefined);
    expect(await server.statusOf(endless)).toBe(200);
    await server.settled(98, { idle: 2, used: 1 });
  });

  it("is 410 at once when it is returned, and never again anything else", async () => {
    const server = await lab.server();
    await pool(server, 99, 1);
    const used = await server.claimed(99);
    await lab.fault({ fault: "delay-answer", method: "DELETE", path: `/v1/job/${used}`, delay: 200 });
    const deletion = server.client.call("DELETE", `/runners/${used}`);
    await until("410", async () => (await server.statusOf(used)) === 410);
    expect(await lab.job(used)).toBeDefined();
    expect((await deletion).status).toBe(204);
    expect(await lab.job(used)).toBeUndefined();
    expect((await server.client.call("DELETE", `/runners/${used}`)).status).toBe(410);
  });
});
