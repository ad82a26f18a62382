import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Lab } from "../../support/lab.js";
import { until } from "../../support/until.js";

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.start();
});
afterEach(() => lab.stopServers());
afterAll(() => lab.stop());

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("PUT", () => {
  it("replaces every runner, used ones too, which are 410 at once", async () => {
    const server = await lab.server();
    expect((await server.client.put(60, { prewarmingPoolSize: 3 })).status).toBe(201);
    await server.settled(60, { idle: 3 });
    const used = await server.claimed(60);
    await server.settled(60, { idle: 3, used: 1 });
    const old = await lab.jobIds("60-");
    await lab.fault({ fault: "delay-answer", method: "DELETE", path: "/v1/job/", delay: 300, count: 20 });
    const put = server.client.put(60, { prewarmingPoolSize: 2, cpuLimit: 77 });
    await until("the used one to be gone", async () => (await server.statusOf(used)) === 410);
    expect(await lab.job(used)).toBeDefined();
    expect((await server.claim(60)).json().errorCode).toBe("NOMAD_OVERLOAD");
    const during = await server.client.call("GET", "/execution-environments/60");
    expect(during.json()).toMatchObject({ prewarmingPoolSize: 2, cpuLimit: 77 });
    expect((await put).status).toBe(204);
    await server.settled(60, { idle: 2, used: 0 });
    const ids = await lab.jobIds("60-");
    expect(ids).toHaveLength(2);
    expect(ids.filter((id) => old.includes(id))).toEqual([]);
  });

  it("destroys runners that are not known here, and nothing of others", async () => {
    const server = await lab.server();
    await server.client.put(61, { prewarmingPoolSize: 1 });
    await server.client.put(611, { prewarmingPoolSize: 1 });
    await server.settled(61, { idle: 1 });
    await server.settled(611, { idle: 1 });
    const template = await lab.job("template-61");
    const stray = "61-00000000-0000-1000-8000-000000000061";
    await lab.fault({ fault: "drop-events", job: stray, count: 100 });
    await lab.register({ ...template, ID: stray, Name: stray });
    await lab.register({ ...template, ID: "61-mine", Name: "61-mine" });
    const other = await lab.jobIds("611-");
    expect((await server.client.put(61, { prewarmingPoolSize: 1 })).status).toBe(204);
    expect(await lab.job(stray)).toBeUndefined();
    expect(await lab.job("61-mine")).toBeDefined();
    expect(await lab.jobIds("611-")).toEqual(other);
    await lab.purge("61-mine");
  });

  it("twice at once runs one after the other; the second counts", async () => {
    const server = await lab.server();
    const puts = [
      server.client.put(62, { prewarmingPoolSize: 4, cpuLimit: 11 }),
      server.client.put(62, { prewarmingPoolSize: 2, cpuLimit: 22 }),
    ];
    expect((await Promise.all(puts)).map(({ status }) => status)).toEqual([201, 204]);
    await server.settled(62, { idle: 2 });
    expect(await lab.jobIds("62-")).toHaveLength(2);
    const answer = await server.client.call("GET", "/execution-environments/62");
    expect(answer.json()).toMatchObject({ cpuLimit: 22, prewarmingPoolSize: 2 });
  });

  it("during claims leaves no runner behind and hands out none twice", async () => {
    const server = await lab.server();
    await server.client.put(63, { prewarmingPoolSize: 5 });
    await server.settled(63, { idle: 5 });
    const given: string[] = [];
    let over = false;
    const claims = Array.from({ length: 4 }, async () => {
      while (!over) {
        const answer = await server.claim(63);
        if (answer.status === 200) given.push(answer.json().runnerId);
        else expect(answer.json().errorCode).toBe("NOMAD_OVERLOAD");
      }
    });
    for (let round = 0; round < 3; round += 1) {
      expect((await server.client.put(63, { prewarmingPoolSize: 5 })).status).toBe(204);
    }
    over = true;
    await Promise.all(claims);
    expect(new Set(given).size).toBe(given.length);
    await until("an exact pool", async () => {
      const { idleRunners, usedRunners } = (await server.figures(63)) ?? { idleRunners: 0, usedRunners: 0 };
      const jobs = await lab.jobIds("63-");
      return idleRunners === 5 && jobs.length === idleRunners + usedRunners;
    });
    const alive = await Promise.all(given.map((id) => server.statusOf(id)));
    const { usedRunners } = (await server.figures(63)) ?? { usedRunners: -1 };
    expect(alive.filter((status) => status === 200)).toHaveLength(usedRunners);
  });

  it("whose template job cannot be placed is 500 with Nomad's reason, and unknown", async () => {
    const server = await lab.server();
    await lab.fault({ fault: "refuse-placements", job: "template-64", dimension: "memory" });
    const answer = await server.client.put(64, { prewarmingPoolSize: 1 });
    expect(answer.status).toBe(500);
    expect(answer.json()).toMatchObject({ errorCode: "UNKNOWN" });
    expect(answer.json().message).toMatch(/default-group.*memory/);
    expect((await server.client.call("GET", "/execution-environments/64")).status).toBe(404);
    expect((await server.claim(64)).status).toBe(404);
    expect(await lab.job("template-64")).toBeUndefined();
    await lab.fault();
    expect((await server.client.put(64, { prewarmingPoolSize: 1 })).status).toBe(201);
  });

  it("whose template job Nomad refuses is 500 with Nomad's words, and unknown", async () => {
    // Without marks ahead, and the pool full, nothing but the PUT registers.
    const server = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await server.client.put(65, { prewarmingPoolSize: 1 });
    await server.settled(65, { idle: 1 });
    await lab.fault({
      fault: "answer",
      method: "POST",
      path: "^/v1/jobs$",
      with: 500,
      body: "no such thing",
    });
    const answer = await server.client.put(65, { prewarmingPoolSize: 1 });
    expect(answer.json()).toEqual({ message: "no such thing", errorCode: "UNKNOWN" });
    expect((await server.client.call("GET", "/execution-environments/65")).status).toBe(404);
    expect(await lab.jobIds("65-")).toEqual([]);
    expect(await lab.job("template-65")).toBeUndefined();
  });

  it("whose runners cannot be placed is 500; they count as starting and run when there is room", async () => {
    const server = await lab.server();
    await lab.fault({ fault: "refuse-placements", job: "66-", dimension: "cpu" });
    const answer = await server.client.put(66, { prewarmingPoolSize: 2 });
    expect([answer.status, answer.json().errorCode]).toEqual([500, "UNKNOWN"]);
    expect(answer.json().message).toMatch(/cpu/);
    await server.settled(66, { idle: 0, starting: 2 });
    const ids = await lab.jobIds("66-");
    await lab.fault();
    await server.settled(66, { idle: 2 });
    expect(await lab.jobIds("66-")).toEqual(ids);
  });

  it("whose filling fails leaves the work to the pool: what was claimed since then stays", async () => {
    const server = await lab.server();
    // The first registration is the template's, the second that of a runner.
    await lab.fault({ fault: "delay-answer", method: "POST", path: "^/v1/jobs$", delay: 0, count: 1 });
    await lab.fault({ fault: "answer", method: "POST", path: "^/v1/jobs$", with: 503, count: 1 });
    const answer = await server.client.put(67, { prewarmingPoolSize: 3 });
    expect([answer.status, answer.json().errorCode]).toEqual([500, "NOMAD_UNREACHABLE"]);
    await until("an idle one", async () => ((await server.figures(67))?.idleRunners ?? 0) > 0);
    const used = await server.claimed(67);
    await pause(1_500);
    expect(await server.statusOf(used)).toBe(200);
    await server.settled(67, { idle: 3, used: 1 });
  });

  it("whose deletions Nomad refuses is worked on all the same", async () => {
    const server = await lab.server();
    await server.client.put(68, { prewarmingPoolSize: 1 });
    await server.settled(68, { idle: 1 });
    await lab.fault({ fault: "answer", method: "DELETE", path: "/v1/job/template-68", with: 500 });
    const answer = await server.client.put(68, { prewarmingPoolSize: 2 });
    expect(answer.status).toBe(500);
    const known = await server.client.call("GET", "/execution-environments/68");
    expect(known.json()).toMatchObject({ prewarmingPoolSize: 2 });
    await server.settled(68, { idle: 2 });
  });
});

describe("DELETE", () => {
  it("takes everything away, the template job last, and answers when Nomad has taken it", async () => {
    const server = await lab.server();
    await server.client.put(70, { prewarmingPoolSize: 3 });
    await server.settled(70, { idle: 3 });
    const used = await server.claimed(70);
    const stray = "70-00000000-0000-1000-8000-000000000070";
    await lab.register({ ...(await lab.job("template-70")), ID: stray, Name: stray });
    await lab.fault({ fault: "delay-answer", method: "DELETE", path: "/v1/job/70-", delay: 200, count: 20 });
    const deletion = server.client.call("DELETE", "/execution-environments/70");
    await until("404 for claims", async () => (await server.claim(70)).status === 404);
    expect(await server.statusOf(used)).toBe(410);
    expect(await lab.job("template-70")).toBeDefined();
    expect((await deletion).status).toBe(204);
    expect(await lab.jobIds("70-")).toEqual([]);
    expect(await lab.job("template-70")).toBeUndefined();
    expect((await server.client.call("DELETE", "/execution-environments/70")).status).toBe(404);
  });

  it.each([1, 2])("that Nomad refuses is 500, however soon it takes it then: %i times", async (count) => {
    const server = await lab.server();
    await server.client.put(71, { prewarmingPoolSize: 1 });
    await server.settled(71, { idle: 1 });
    await lab.fault({ fault: "answer", method: "DELETE", path: "/v1/job/71-", with: 500, count });
    const answer = await server.client.call("DELETE", "/execution-environments/71");
    expect([answer.status, answer.json().errorCode]).toEqual([500, "NOMAD_INTERNAL_SERVER_ERROR"]);
    expect((await server.client.call("GET", "/execution-environments/71")).status).toBe(404);
    const nothing = async () =>
      (await lab.jobIds("71-")).length === 0 && (await lab.job("template-71")) === undefined;
    await until("Nomad to have nothing", nothing, { within: 30_000 });
  });

  it("right behind a PUT waits for it and leaves nothing", async () => {
    const server = await lab.server();
    const put = server.client.put(72, { prewarmingPoolSize: 5 });
    await until("the PUT's beginning", async () => (await lab.job("template-72")) !== undefined);
    const deletion = server.client.call("DELETE", "/execution-environments/72");
    expect((await put).status).toBe(201);
    expect((await deletion).status).toBe(204);
    await pause(100);
    expect(await lab.jobIds("72-")).toEqual([]);
  });

  it("of a runner that Nomad refuses: 410 at once, and tried again until it is gone", async () => {
    const server = await lab.server();
    await server.client.put(73, { prewarmingPoolSize: 1 });
    await server.settled(73, { idle: 1 });
    const id = await server.claimed(73);
    await lab.fault({ fault: "answer", method: "DELETE", path: "/v1/job/73-", with: 500 });
    const answer = await server.client.call("DELETE", `/runners/${id}`);
    expect([answer.status, answer.json().errorCode]).toEqual([500, "NOMAD_INTERNAL_SERVER_ERROR"]);
    expect(await server.statusOf(id)).toBe(410);
    await until("its job to go", async () => (await lab.job(id)) === undefined);
  });
});

describe("fetch", () => {
  it("takes over what an operator changed; idle runners survive", async () => {
    const server = await lab.server();
    await server.client.put(80, { prewarmingPoolSize: 3 });
    await server.settled(80, { idle: 3 });
    const before = await lab.jobIds("80-");
    const template = await lab.job("template-80");
    const changed = JSON.stringify({ ...template, Priority: 33 })
      .replace('"prewarmingPoolSize":"3"', '"prewarmingPoolSize":"5"')
      .replaceAll('"CPU":20', '"CPU":44');
    await lab.register(JSON.parse(changed));
    const known = await server.client.call("GET", "/execution-environments/80");
    expect(known.json()).toMatchObject({ prewarmingPoolSize: 3, cpuLimit: 20 });
    const fetched = await server.client.call("GET", "/execution-environments/80?fetch=true");
    expect(fetched.json()).toMatchObject({ prewarmingPoolSize: 5, cpuLimit: 44 });
    await server.settled(80, { idle: 5 });
    const after = await lab.jobIds("80-");
    expect(after).toEqual(expect.arrayContaining(before));
    const made = after.find((id) => !before.includes(id)) ?? "";
    expect((await lab.job(made))?.["Priority"]).toBe(33);
    // And smaller again: the pool is brought to size at once.
    await lab.register(JSON.parse(changed.replace('"prewarmingPoolSize":"5"', '"prewarmingPoolSize":"1"')));
    await server.client.call("GET", "/execution-environments?fetch=true");
    await server.settled(80, { idle: 1 });
    await until("Nomad to have one", async () => (await lab.jobIds("80-")).length === 1);
  });

  it("finds what somebody else registered, which is unknown until then, and drops what is gone", async () => {
    const server = await lab.server();
    await server.client.put(81, { prewarmingPoolSize: 1 });
    await server.settled(81, { idle: 1 });
    const used = await server.claimed(81);
    const template = await lab.job("template-81");
    await lab.register({ ...template, ID: "template-82", Name: "template-82" });
    await until(
      "its allocation",
      async () => (await lab.allocation("template-82")).ClientStatus === "running",
    );
    expect((await server.client.call("GET", "/execution-environments/82")).status).toBe(404);
    expect((await server.client.call("GET", "/execution-environments/82?fetch=true")).status).toBe(200);
    await server.settled(82, { idle: 1 });
    await lab.purge("template-82");
    await lab.purge("template-81");
    expect((await server.client.call("GET", "/execution-environments/82?fetch=true")).status).toBe(404);
    const list = await server.client.call("GET", "/execution-environments?fetch=true");
    const ids = list.json().executionEnvironments.map(({ id }: { id: number }) => id);
    expect(ids).not.toContain(81);
    expect(await lab.jobIds("81-")).toEqual([]);
    expect(await lab.jobIds("82-")).toEqual([]);
    expect(await server.statusOf(used)).toBe(410);
  });

  it("leaves what another server claimed or reserved alone, until a client comes with it", async () => {
    const other = await lab.server({ POSEIDON_NOMAD_WARM: "1" });
    const server = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await other.client.put(83, { prewarmingPoolSize: 2 });
    await other.settled(83, { idle: 2 });
    const used = await other.claimed(83, 1);
    await until("its mark", async () => (await lab.meta(used))?.["timeout"] === "1");
    await other.settled(83, { idle: 2, used: 1 });
    other.crash();
    expect((await server.client.call("GET", "/execution-environments/83?fetch=true")).status).toBe(200);
    await server.settled(83, { idle: 2, used: 0 });
    await pause(1_200);
    expect(await lab.job(used)).toBeDefined();
    // A client brings it: this server takes it over, with its timer.
    expect(await server.statusOf(used)).toBe(200);
    await until("its end", async () => (await lab.job(used)) === undefined);
  });
});
