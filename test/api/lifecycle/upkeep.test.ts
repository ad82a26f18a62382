import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Lab } from "../../support/lab.js";
import type { TestServer } from "../../support/server.js";
import { until } from "../../support/until.js";

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.start({ delayScale: 0.02 });
});
afterEach(() => lab.stopServers());
afterAll(() => lab.stop());

/** Snapshots often, and graces that a test can wait for. */
const OFTEN = { POSEIDON_NOMAD_SNAPSHOTINTERVAL: "1" };
const TIMINGS = { timings: { trimGrace: 300, orphanGrace: 300, templateGrace: 300 } };
const WITHOUT_RESERVATIONS = { POSEIDON_NOMAD_WARM: "0" };

const uuid = (last: string) => `00000000-0000-1000-8000-${last.padStart(12, "0")}`;
const said = (server: TestServer, text: RegExp) =>
  server.lines.filter(({ level, message }) => level === "warn" && text.test(message));

/** Registers runners of an environment that no server asked for; `meta` goes into the config group. */
async function stray(environment: number, id: string, meta: object = { used: "false" }): Promise<string> {
  const template = await lab.job(`template-${environment}`);
  const ID = `${environment}-${uuid(id)}`;
  await lab.register({
    ...template,
    ID,
    Name: ID,
    TaskGroups: template?.TaskGroups?.map((group) =>
      group.Name === "config" ? { ...group, Meta: meta } : group,
    ),
  });
  return ID;
}

describe("a pool with too many idle runners", () => {
  it("is trimmed after the grace time: newest first, reserved ones last", async () => {
    const server = await lab.server({ POSEIDON_NOMAD_WARM: "1" }, TIMINGS);
    await server.client.put(120, { prewarmingPoolSize: 2 });
    await server.settled(120, { idle: 2 });
    const before = await lab.jobIds("120-");
    const added = [await stray(120, "1"), await stray(120, "2")];
    await server.settled(120, { idle: 2 });
    await until("the added ones to go", async () => {
      const now = await lab.jobIds("120-");
      return added.every((id) => !now.includes(id));
    });
    expect(await lab.jobIds("120-")).toEqual(before);
  });
});

describe("a fetch", () => {
  it("leaves an environment alone that could not be made at once and is worked on", async () => {
    const server = await lab.server();
    const all = { fault: "answer", method: "DELETE", path: "/v1/job/template-84", with: 429, count: 1_000 };
    await lab.fault(all);
    expect((await server.client.put(84, { prewarmingPoolSize: 1 })).status).toBe(500);
    const fetched = await server.client.call("GET", "/execution-environments/84?fetch=true");
    expect(fetched.json()).toMatchObject({ id: 84, prewarmingPoolSize: 1 });
    await lab.fault();
    await server.settled(84, { idle: 1 });
  });
});

describe("orphans", () => {
  it("are destroyed after the grace time, used ones too; what is not ours or not loaded is left alone", async () => {
    const server = await lab.server({ ...OFTEN, ...WITHOUT_RESERVATIONS }, TIMINGS);
    await server.client.put(121, { prewarmingPoolSize: 1 });
    await server.settled(121, { idle: 1 });
    const template = await lab.job("template-121");
    const register = (ID: string) => lab.register({ ...template, ID, Name: ID });
    // Environment 123 exists at Nomad and is not loaded here.
    const loaded = `123-${uuid("3")}`;
    await register("template-123");
    await register(loaded);
    const orphans = [`122-${uuid("1")}`, `122-${uuid("2")}`];
    const others = ["122-web", "web-122"];
    for (const id of [...orphans, ...others]) await register(id);
    const used = await stray(121, "4", { used: "true", timeout: "0" });
    const usedOrphan = `122-${uuid("4")}`;
    await lab.register({ ...(await lab.job(used)), ID: usedOrphan, Name: usedOrphan });
    orphans.push(usedOrphan);
    await until("the orphans to go", async () => {
      const jobs = await Promise.all(orphans.map((id) => lab.job(id)));
      return jobs.every((job) => job === undefined);
    });
    const kept = [...others, loaded, "template-123", used];
    for (const id of kept) expect(await lab.job(id), id).toBeDefined();
    for (const id of kept) await lab.purge(id);
    await server.settled(121, { idle: 1 });
  });
});

describe("a template job", () => {
  it("whose allocation ends and does not come back is warned of, once; the environment goes on", async () => {
    const server = await lab.server(WITHOUT_RESERVATIONS, TIMINGS);
    await server.client.put(127, { prewarmingPoolSize: 1 });
    await server.settled(127, { idle: 1 });
    await lab.purge("template-127");
    const [line] = await until("the warning", () => {
      const lines = said(server, /template job of an environment does not run/);
      return lines.length > 0 && lines;
    });
    expect(line?.fields).toMatchObject({ environment_id: 127 });
    expect((await server.claim(127)).status).toBe(200);
    await server.settled(127, { idle: 1, used: 1 });
  });
});

describe("a pool that stays depleted", () => {
  const ALERT = {
    ...WITHOUT_RESERVATIONS,
    POSEIDON_SERVER_ALERT_PREWARMINGPOOLTHRESHOLD: "0.5",
    POSEIDON_SERVER_ALERT_PREWARMINGPOOLRELOADTIMEOUT: "1",
  };

  it("is 503 on health, warned of and reloaded: what no event told is found", async () => {
    const server = await lab.server(ALERT);
    await server.client.put(130, { prewarmingPoolSize: 4 });
    await server.settled(130, { idle: 4 });
    expect((await server.client.call("GET", "/health")).status).toBe(204);
    await lab.fault({ fault: "hold-placements" });
    for (let claims = 0; claims < 3; claims += 1) await server.claimed(130);
    const health = await server.client.call("GET", "/health");
    expect([health.status, health.json().errorCode]).toEqual([503, "PREWARMING_POOL_DEPLETING"]);
    await server.settled(130, { idle: 1, starting: 3 });
    await lab.fault({ fault: "drop-events", count: 1_000 });
    await lab.fault({ fault: "release-placements" });
    await until("the reload", () => said(server, /prewarming pool is depleting/).length > 0);
    await server.settled(130, { idle: 4, used: 3 });
    expect((await server.client.call("GET", "/health")).status).toBe(204);
  });
});
