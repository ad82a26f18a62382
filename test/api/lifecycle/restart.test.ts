import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Lab } from "../../support/lab.js";
import { until } from "../../support/until.js";

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.start();
});
afterEach(() => lab.stopServers());
afterAll(() => lab.stop());

const metasOf = async (environment: number) => {
  const ids = await lab.jobIds(`${environment}-`);
  return await Promise.all(ids.map(async (id) => ({ id, meta: await lab.meta(id) })));
};

describe("a server that was stopped", () => {
  it("leaves its runners to the next one, and gives its reservations back", async () => {
    const first = await lab.server();
    await first.client.put(50, { prewarmingPoolSize: 3, memoryLimit: 5, cpuLimit: 7 });
    await first.settled(50, { idle: 3 });
    const used = await first.claimed(50, 100);
    await first.settled(50, { idle: 3, used: 1 });
    const before = await lab.jobIds("50-");
    await first.stop();
    expect(await lab.jobIds("50-")).toEqual(before);
    for (const { id, meta } of await metasOf(50)) {
      expect(meta).toEqual(id === used ? { used: "true", timeout: "100" } : { used: "false" });
    }
    const second = await lab.server();
    await second.settled(50, { idle: 3, used: 1 });
    expect(await lab.jobIds("50-")).toEqual(before);
    expect(await second.statusOf(used)).toBe(200);
    const answer = await second.client.call("GET", "/execution-environments/50");
    expect(answer.json()).toMatchObject({ id: 50, prewarmingPoolSize: 3, memoryLimit: 5, cpuLimit: 7 });
    expect(await second.claimed(50)).not.toBe(used);
  });

  it("has its marks made before it goes", async () => {
    const first = await lab.server({ POSEIDON_NOMAD_WARM: "10", POSEIDON_SERVER_SHUTDOWNTIMEOUT: "0" });
    await first.client.put(51, { prewarmingPoolSize: 10 });
    await until("ten reservations", async () => {
      return (await metasOf(51)).filter(({ meta }) => meta?.["reserved"]).length === 10;
    });
    await lab.fault({ fault: "delay-answer", method: "POST", path: "^/v1/jobs$", delay: 50, count: 100 });
    const ids = await Promise.all(Array.from({ length: 10 }, () => first.claimed(51, 77)));
    await first.stop();
    for (const id of ids) expect(await lab.meta(id)).toEqual({ used: "true", timeout: "77" });
  });

  it("serves a claim that still comes, with a mark of its own", async () => {
    const server = await lab.server({ POSEIDON_SERVER_SHUTDOWNTIMEOUT: "5" });
    await server.client.put(52, { prewarmingPoolSize: 2 });
    await until("reservations", async () => (await metasOf(52)).every(({ meta }) => meta?.["reserved"]));
    // The un-marking takes its time, and the claim comes in the middle of it.
    await lab.fault({ fault: "delay-answer", method: "POST", path: "^/v1/jobs$", delay: 200, count: 2 });
    const stopping = server.stopApp();
    const id = await server.claimed(52, 99);
    expect(await lab.meta(id)).toMatchObject({ used: "true" });
    await stopping;
    expect(await lab.meta(id)).toEqual({ used: "true", timeout: "99" });
    const others = (await metasOf(52)).filter((other) => other.id !== id);
    expect(others.map(({ meta }) => meta)).toEqual(others.map(() => ({ used: "false" })));
  });
});

describe("a server that crashed", () => {
  it("never has a runner handed out again that it handed out or reserved", async () => {
    const first = await lab.server();
    await first.client.put(53, { prewarmingPoolSize: 4 });
    await first.settled(53, { idle: 4 });
    const given = [await first.claimed(53, 0), await first.claimed(53, 5_000)];
    await first.settled(53, { idle: 4, used: 2 });
    await until("reservations", async () => {
      return (await metasOf(53)).filter(({ meta }) => meta?.["reserved"]).length === 2;
    });
    first.crash();
    const reserved = (await metasOf(53)).filter(({ meta }) => meta?.["reserved"]).map(({ id }) => id);
    const second = await lab.server();
    await second.settled(53, { idle: 4, used: 4 });
    const claimed = await Promise.all(Array.from({ length: 4 }, () => second.claimed(53)));
    for (const id of [...given, ...reserved]) expect(claimed).not.toContain(id);
    for (const id of [...given, ...reserved]) expect(await second.statusOf(id)).toBe(200);
  });

  it("in the middle of 30 claims: what it answered is not handed out again", async () => {
    const first = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await first.client.put(54, { prewarmingPoolSize: 30 });
    await first.settled(54, { idle: 30 });
    const answers: string[] = [];
    const claims = Array.from({ length: 30 }, async () => {
      const answer = await first.claim(54);
      if (answer.status === 200) answers.push(answer.json().runnerId);
      if (answers.length === 10) first.crash();
    });
    await Promise.all(claims);
    const second = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await second.settled(54, { idle: 30 });
    const again = await Promise.all(Array.from({ length: 30 }, () => second.claimed(54)));
    expect(answers.length).toBeGreaterThanOrEqual(10);
    expect(again.filter((id) => answers.includes(id))).toEqual([]);
  });
});

describe("recovery", () => {
  it("starts inactivity timers anew with the stored duration, 60 s where it is unreadable", async () => {
    const first = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await first.client.put(55, { prewarmingPoolSize: 2 });
    await first.settled(55, { idle: 2 });
    const [short, broken] = [await first.claimed(55, 1), await first.claimed(55, 30)];
    await until("the marks", async () => {
      const all = await Promise.all([short, broken].map((id) => lab.meta(id)));
      return all[0]?.["timeout"] === "1" && all[1]?.["timeout"] === "30";
    });
    await first.stop();
    const job = await lab.job(broken);
    await lab.register({
      ...job,
      TaskGroups: job?.TaskGroups?.map((group) =>
        group.Name === "config" ? { ...group, Meta: { used: "true", timeout: "soon" } } : group,
      ),
    });
    const second = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    expect(await second.statusOf(short)).toBe(200);
    await until("the unreadable timeout to be written back", async () => {
      return (await lab.meta(broken))?.["timeout"] === "60";
    });
    await until("the short one to expire", async () => (await second.statusOf(short)) === 410);
    await until("its job to go", async () => (await lab.job(short)) === undefined);
    expect(await second.statusOf(broken)).toBe(200);
  });

  it("replaces idle runners whose limits are not their template's, and leaves used ones", async () => {
    const first = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await first.client.put(56, { prewarmingPoolSize: 2, cpuLimit: 20 });
    await first.settled(56, { idle: 2 });
    const used = await first.claimed(56, 0);
    await first.settled(56, { idle: 2, used: 1 });
    const idle = (await lab.jobIds("56-")).filter((id) => id !== used);
    await first.stop();
    const template = await lab.job("template-56");
    await lab.register(JSON.parse(JSON.stringify(template).replaceAll('"CPU":20', '"CPU":33')));
    const second = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await second.settled(56, { idle: 2, used: 1 });
    expect(await second.statusOf(used)).toBe(200);
    await until("the old ones to go", async () => {
      const ids = await lab.jobIds("56-");
      return ids.length === 3 && idle.every((id) => !ids.includes(id));
    });
  });

  it("takes no dead, foreign or unknown job for its own, and touches none", async () => {
    const first = await lab.server();
    await first.client.put(57, { prewarmingPoolSize: 1 });
    await first.settled(57, { idle: 1 });
    await first.stop();
    const template = await lab.job("template-57");
    const others = ["57-not-a-uuid", "template-57x", "template-", "web", "57", "template-057"];
    for (const ID of others) await lab.register({ ...template, ID, Name: ID });
    const plain = `57-${"0".repeat(8)}-0000-1000-8000-${"0".repeat(12)}`;
    await lab.register({
      ...template,
      ID: plain,
      Name: plain,
      TaskGroups: template?.TaskGroups?.filter(({ Name }) => Name !== "config"),
    });
    const second = await lab.server();
    await second.settled(57, { idle: 1 });
    const list = await second.client.call("GET", "/execution-environments?fetch=true");
    const ids = list.json().executionEnvironments.map(({ id }: { id: number }) => id);
    expect(ids.filter((id: number) => id === 57)).toEqual([57]);
    expect((await second.client.call("DELETE", "/execution-environments/57")).status).toBe(204);
    for (const id of others) expect((await lab.job(id))?.Stop, id).toBe(false);
    expect(await lab.jobIds("57-")).toEqual(["57-not-a-uuid"]);
    for (const id of others) await lab.purge(id);
  });

  it("fills what is missing", async () => {
    const first = await lab.server();
    await first.client.put(58, { prewarmingPoolSize: 3 });
    await first.settled(58, { idle: 3 });
    await first.stop();
    for (const id of (await lab.jobIds("58-")).slice(0, 2)) await lab.purge(id);
    const second = await lab.server();
    await second.settled(58, { idle: 3 });
  });

  it("destroys a used runner that failed while no server ran, before Nomad starts it again", async () => {
    const first = await lab.server();
    await first.client.put(155, { prewarmingPoolSize: 1 });
    await first.settled(155, { idle: 1 });
    const used = await first.claimed(155);
    await first.settled(155, { idle: 1, used: 1 });
    first.crash();
    await lab.kill(used, "failed");
    const second = await lab.server();
    await until("its job to go", async () => (await lab.job(used)) === undefined);
    expect(await second.statusOf(used)).toBe(410);
  });

  it("ignores what died while no server ran, and makes others", async () => {
    const first = await lab.server();
    await first.client.put(59, { prewarmingPoolSize: 2 });
    await first.settled(59, { idle: 2 });
    const used = await first.claimed(59);
    await first.settled(59, { idle: 2, used: 1 });
    const dead = (await lab.jobIds("59-")).find((id) => id !== used) ?? "";
    await first.stop();
    for (const id of [dead, used]) await lab.kill(id, "failed");
    const second = await lab.server();
    await second.settled(59, { idle: 2, used: 0 });
    expect(await second.statusOf(used)).toBe(410);
    const claimed = [await second.claimed(59), await second.claimed(59)];
    expect(claimed).not.toContain(dead);
  });

  it("goes on reading where Nomad refuses a few answers, and does not begin anew", async () => {
    const first = await lab.server();
    await first.client.put(62, { prewarmingPoolSize: 20 });
    await first.settled(62, { idle: 20 });
    await first.stop();
    await lab.fault({ fault: "answer", path: "^/v1/jobs$", with: 500, count: 1 });
    await lab.fault({ fault: "answer", path: "^/v1/allocations$", with: 429, count: 2 });
    await lab.fault({ fault: "answer", path: "^/v1/job/62-", with: 500, count: 25 });
    const second = await lab.server();
    await second.settled(62, { idle: 20 });
    expect(second.lines.filter(({ message }) => /event stream is lost/.test(message))).toEqual([]);
  });
});
