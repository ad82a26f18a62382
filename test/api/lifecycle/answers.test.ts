import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { buildVersion } from "../../../src/config/build-version.js";
import { Lab } from "../../support/lab.js";
import { until } from "../../support/until.js";

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.start();
});
afterEach(() => lab.stopServers());
afterAll(() => lab.stop());

const DEPLETING = (ids: string) => ({
  message: `the prewarming pool is depleting: environments ${ids}`,
  errorCode: "PREWARMING_POOL_DEPLETING",
});

describe("health", () => {
  it("is 503 while idle ÷ size is below the threshold, with the ids in order, and never for an empty pool", async () => {
    const server = await lab.server({ POSEIDON_SERVER_ALERT_PREWARMINGPOOLTHRESHOLD: "0.5" });
    const health = async () => {
      const answer = await server.client.call("GET", "/health", { headers: { "Poseidon-Token": "" } });
      return answer.status === 204 ? 204 : [answer.status, answer.json()];
    };
    await server.client.put(130, { prewarmingPoolSize: 2 });
    await server.client.put(13, { prewarmingPoolSize: 4 });
    await server.client.put(131, { prewarmingPoolSize: 0 });
    await server.settled(130, { idle: 2 });
    await server.settled(13, { idle: 4 });
    expect(await health()).toBe(204);
    await lab.fault({ fault: "hold-placements" });
    await server.claimed(130);
    await server.claimed(13);
    await server.claimed(13);
    // Exactly the threshold is not below it.
    expect(await health()).toBe(204);
    await server.claimed(130);
    expect(await health()).toEqual([503, DEPLETING("130")]);
    await server.claimed(13);
    expect(await health()).toEqual([503, DEPLETING("13, 130")]);
    await lab.fault({ fault: "release-placements" });
    await server.settled(130, { idle: 2, used: 2 });
    await server.settled(13, { idle: 4, used: 3 });
    expect(await health()).toBe(204);
  });

  it("is 204 whatever the pools are without a threshold", async () => {
    const server = await lab.server();
    await lab.fault({ fault: "hold-placements" });
    await server.client.put(132, { prewarmingPoolSize: 2 });
    await server.settled(132, { idle: 0, starting: 2 });
    expect((await server.client.call("GET", "/health")).status).toBe(204);
  });
});

describe("version", () => {
  it("is the configured release, else the build's own", async () => {
    const released = await lab.server({ POSEIDON_SENTRY_RELEASE: "v9.8.7" });
    expect((await released.client.call("GET", "/version")).text).toBe('"v9.8.7"');
    const built = await lab.server();
    const { version, commit } = buildVersion();
    expect([version, commit]).toContain((await built.client.call("GET", "/version")).json());
  });
});

describe("a claim", () => {
  it("gives an id of the environment and a UUID, and no ports where none are exposed", async () => {
    const server = await lab.server();
    await server.client.put(134, { prewarmingPoolSize: 1 });
    await server.settled(134, { idle: 1 });
    const { runnerId, mappedPorts, ...rest } = (await server.claim(134)).json();
    expect(runnerId).toMatch(/^134-[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect([mappedPorts, rest]).toEqual([[], {}]);
  });
});

describe("an execution", () => {
  it("that nobody opens is forgotten after server.executionttl", async () => {
    const server = await lab.server({ POSEIDON_SERVER_EXECUTIONTTL: "3" });
    await server.client.put(135, { prewarmingPoolSize: 1 });
    await server.settled(135, { idle: 1 });
    const id = await server.claimed(135);
    const path = async () => {
      const answer = await server.client.call("POST", `/runners/${id}/execute`, { json: {} });
      const { pathname, search } = new URL(answer.json().websocketUrl);
      return pathname.replace("/api/v1", "") + search;
    };
    const url = await path();
    // No handshake: 400 as long as it is on the list, and it stays there.
    expect((await server.client.call("GET", url)).status).toBe(400);
    await until("404", async () => (await server.client.call("GET", url)).status === 404);
    expect((await server.client.call("GET", await path())).status).toBe(400);
  });
});

describe("images", () => {
  const pulls = async (environment: number) => {
    const ids = await lab.jobIds(`${environment}-`);
    const jobs = await Promise.all([`template-${environment}`, ...ids].map((id) => lab.job(id)));
    return new Map(
      jobs.map((job) => {
        const task = job?.TaskGroups?.[0]?.Tasks?.[0];
        return [job?.ID, task?.Config?.["force_pull"]] as const;
      }),
    );
  };

  it("are pulled for the template job and for a pool that is filled, not for single replacements", async () => {
    const server = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await server.client.put(136, { prewarmingPoolSize: 2 });
    await server.settled(136, { idle: 2 });
    const filled = await pulls(136);
    expect([...filled.values()]).toEqual([true, true, true]);
    const used = await server.claimed(136, 7);
    await until("the mark", async () => (await lab.meta(used))?.["timeout"] === "7");
    await server.settled(136, { idle: 2, used: 1 });
    const now = await pulls(136);
    for (const [id, pull] of now) expect(pull).toBe(filled.has(id));
    expect(now.size).toBe(4);
  });

  it("are never pulled again with nomad.disableforcepull", async () => {
    const server = await lab.server({ POSEIDON_NOMAD_DISABLEFORCEPULL: "true" });
    await server.client.put(137, { prewarmingPoolSize: 1 });
    await server.settled(137, { idle: 1 });
    expect([...(await pulls(137)).values()]).toEqual([false, false]);
  });
});

describe("a template job file", () => {
  it("in JSON is what environments are made from; an unusable one stops the start", async () => {
    const folder = await mkdtemp(join(tmpdir(), "poseidon-template-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, "template.json");
    const settings = { POSEIDON_SERVER_TEMPLATEJOBFILE: path };
    await expect(lab.server(settings)).rejects.toThrow(/template\.json cannot be used: it cannot be read/);
    await writeFile(path, "{");
    await expect(lab.server(settings)).rejects.toThrow("it is not valid JSON");
    await writeFile(path, JSON.stringify({ Job: { ID: "any", Datacenters: ["dc1"], Priority: 41 } }));
    const server = await lab.server(settings);
    expect((await server.client.put(140, { prewarmingPoolSize: 1 })).status).toBe(201);
    const [id = ""] = await lab.jobIds("140-");
    expect([await lab.job("template-140"), await lab.job(id)]).toMatchObject([
      { ID: "template-140", Priority: 41 },
      { ID: id, Priority: 41 },
    ]);
  });
});

describe("without Nomad by configuration", () => {
  it("no environment can be made, and none is there", async () => {
    const server = await lab.server({ POSEIDON_NOMAD_ENABLED: "false" });
    const refused = await server.client.put(138);
    expect([refused.status, refused.json()]).toEqual([
      500,
      { message: "not supported", errorCode: "UNKNOWN" },
    ]);
    const list = await server.client.call("GET", "/execution-environments?fetch=true");
    expect(list.json()).toEqual({ executionEnvironments: [] });
    expect((await server.claim(138)).status).toBe(404);
    expect(await server.statusOf("138-x")).toBe(410);
    expect((await server.client.call("GET", "/health")).status).toBe(204);
  });
});

describe("a reservation of another server", () => {
  it("makes its runner idle here once it is given back", async () => {
    const other = await lab.server({ POSEIDON_NOMAD_WARM: "1" });
    const server = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await other.client.put(139, { prewarmingPoolSize: 1 });
    await until("the reservation", async () => {
      const [id = ""] = await lab.jobIds("139-");
      return (await lab.meta(id))?.["reserved"] !== undefined;
    });
    const [reserved] = await lab.jobIds("139-");
    await server.client.call("GET", "/execution-environments/139?fetch=true");
    await server.settled(139, { idle: 1 });
    expect(await lab.jobIds("139-")).toHaveLength(2);
    await other.stop();
    await server.settled(139, { idle: 2 });
    expect([await server.claimed(139), await server.claimed(139)]).toContain(reserved);
  });
});
