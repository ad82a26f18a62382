import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Lab } from "../../support/lab.js";
import { until } from "../../support/until.js";

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.start();
});
afterEach(() => lab.stopServers());
afterAll(() => lab.stop());

const usedBy = async (environment: number, key: string) => {
  const ids = await lab.jobIds(`${environment}-`);
  const metas = await Promise.all(ids.map(async (id) => [id, await lab.meta(id)] as const));
  return metas.filter(([, meta]) => meta?.[key] !== undefined).map(([id]) => id);
};

describe("marks", () => {
  it("are ahead of the claim for as many runners as nomad.warm says, and right after it", async () => {
    const server = await lab.server({ POSEIDON_NOMAD_WARM: "2" });
    await server.client.put(20, { prewarmingPoolSize: 3 });
    await server.settled(20, { idle: 3, used: 0 });
    const reserved = await until("two reservations", async () => {
      const ids = await usedBy(20, "reserved");
      return ids.length === 2 && ids;
    });
    for (const id of reserved) {
      expect(await lab.meta(id)).toMatchObject({ used: "true", timeout: "60" });
    }
    // A claim needs no call: it is answered while Nomad takes no mark.
    await lab.fault({ fault: "answer", method: "POST", path: "^/v1/jobs$", with: "hang", count: 1 });
    const id = await server.claimed(20, 1234);
    expect(reserved).toContain(id);
    await lab.fault();
    await until("the mark set right", async () => {
      const meta = await lab.meta(id);
      return meta?.["timeout"] === "1234" && meta["used"] === "true" && meta["reserved"] === undefined;
    });
    await server.settled(20, { idle: 3, used: 1 });
    await until("two reservations again", async () => (await usedBy(20, "reserved")).length === 2);
  });

  it("are never more than the pool, and none with nomad.warm 0", async () => {
    const eager = await lab.server({ POSEIDON_NOMAD_WARM: "5" });
    await eager.client.put(21, { prewarmingPoolSize: 1 });
    await until("one reservation", async () => (await usedBy(21, "reserved")).length === 1);
    await eager.settled(21, { idle: 1 });
    await eager.stop();
    expect(await usedBy(21, "reserved")).toEqual([]);
    const lazy = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await lazy.settled(21, { idle: 1 });
    const id = await lazy.claimed(21, 7);
    expect(await lab.meta(id)).toMatchObject({ used: "true" });
    await until("the mark set right", async () => (await lab.meta(id))?.["timeout"] === "7");
  });

  it("change nothing of the job but the config group's meta, so that the container lives", async () => {
    const server = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await server.client.put(22, { prewarmingPoolSize: 1 });
    await server.settled(22, { idle: 1 });
    const [id = ""] = await lab.jobIds("22-");
    const before = await lab.job(id);
    const allocation = await lab.allocation(id);
    expect(await server.claimed(22, 5)).toBe(id);
    await until("the mark", async () => (await lab.meta(id))?.["timeout"] === "5");
    const after = await lab.job(id);
    const strip = (job: typeof before) => ({
      ...job,
      ...{ Version: 0, JobModifyIndex: 0, ModifyIndex: 0, SubmitTime: 0, Status: "" },
      TaskGroups: job?.TaskGroups?.map((group) => (group.Name === "config" ? { ...group, Meta: {} } : group)),
    });
    expect(strip(after)).toEqual(strip(before));
    expect((await lab.allocation(id)).ID).toBe(allocation.ID);
  });

  it("that somebody else made first cost a claim nothing but the next runner", async () => {
    const server = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await server.client.put(23, { prewarmingPoolSize: 2 });
    await server.settled(23, { idle: 2 });
    await lab.fault({ fault: "drop-events", topic: "Job", job: "23-", count: 1 });
    const [first = "", second = ""] = await lab.jobIds("23-");
    const job = await lab.job(first);
    await lab.register({
      ...job,
      TaskGroups: job?.TaskGroups?.map((group) =>
        group.Name === "config" ? { ...group, Meta: { used: "true", timeout: "0" } } : group,
      ),
    });
    expect(await server.claimed(23)).toBe(second);
    await server.settled(23, { idle: 2, used: 1 });
    expect(await lab.meta(first)).toEqual({ used: "true", timeout: "0" });
  });

  it("whose answer is lost leave the runner where it can be claimed", async () => {
    const server = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await server.client.put(24, { prewarmingPoolSize: 1 });
    await server.settled(24, { idle: 1 });
    const [id = ""] = await lab.jobIds("24-");
    const lost = { fault: "answer", method: "POST", path: "^/v1/jobs$", with: "cut", afterwards: true };
    await lab.fault(lost);
    const answer = await server.claim(24);
    expect([answer.status, answer.json().errorCode]).toEqual([500, "NOMAD_UNREACHABLE"]);
    await server.settled(24, { idle: 1, used: 0 });
    expect(await server.claimed(24, 3)).toBe(id);
    await until("the mark", async () => (await lab.meta(id))?.["timeout"] === "3");
  });
});

describe("a registration whose answer is lost", () => {
  it("is tried again with the same id and does not undo a mark that was made meanwhile", async () => {
    const server = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await server.client.put(25, { prewarmingPoolSize: 1 });
    await server.settled(25, { idle: 1 });
    const [old = ""] = await lab.jobIds("25-");
    await lab.fault({ fault: "answer", method: "POST", path: "^/v1/jobs$", with: "cut", afterwards: true });
    await lab.purge(old);
    await until("the replacement", async () => {
      const ids = await lab.jobIds("25-");
      return ids.length === 1 && ids[0] !== old;
    });
    await server.settled(25, { idle: 1 });
    const [id = ""] = await lab.jobIds("25-");
    expect(await server.claimed(25, 9)).toBe(id);
    await server.settled(25, { idle: 1, used: 1 });
    await until("the mark", async () => (await lab.meta(id))?.["timeout"] === "9");
    // Longer than the first try again takes.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await lab.meta(id)).toEqual({ used: "true", timeout: "9" });
    expect(await lab.jobIds("25-")).toHaveLength(2);
  });
});
