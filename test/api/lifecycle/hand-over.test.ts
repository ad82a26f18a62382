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

/** Two servers replace the same runner; what is too many is not to stay for a minute. */
const TIMINGS = { timings: { trimGrace: 300 } };
const WITHOUT_RESERVATIONS = { POSEIDON_NOMAD_WARM: "0" };

/** Claims at `server` one after the other until one is refused, or `enough` were given. */
async function claimOn(
  server: TestServer,
  environment: number,
  given: string[],
  enough: number,
): Promise<void> {
  while (given.length < enough) {
    const answer = await server.claim(environment, 500).catch(() => undefined);
    if (answer === undefined) return;
    if (answer.status === 200) given.push(answer.json().runnerId);
    else if (answer.json().errorCode !== "NOMAD_OVERLOAD") return;
  }
}

/** Nothing was handed out twice, all of it is there, and the server that is left has an exact pool and knows every job. */
async function expectExact(server: TestServer, environment: number, size: number, given: readonly string[]) {
  expect(new Set(given).size).toBe(given.length);
  for (const id of given) expect(await server.statusOf(id), id).toBe(200);
  await server.settled(environment, { idle: size }, { within: 20_000 });
  const again = await Promise.all(Array.from({ length: size }, () => server.claimed(environment)));
  expect(again.filter((id) => given.includes(id))).toEqual([]);
}

describe("two servers on one namespace", () => {
  it("hand out every runner once, though both are asked at once", async () => {
    const first = await lab.server({}, TIMINGS);
    await first.client.put(110, { prewarmingPoolSize: 8 });
    await first.settled(110, { idle: 8 });
    const second = await lab.server({}, TIMINGS);
    const given: string[] = [];
    await Promise.all([first, second, first, second].map((server) => claimOn(server, 110, given, 40)));
    expect(new Set(given).size).toBe(given.length);
    await until(
      "both pools to be exact",
      async () => {
        const figures = await Promise.all([first.figures(110), second.figures(110)]);
        return figures.every((one) => (one?.idleRunners ?? 0) + (one?.startingRunners ?? 0) <= 8);
      },
      { within: 30_000 },
    );
    for (const id of given) expect(await lab.job(id), id).toBeDefined();
  });

  it("leave to each other what the other hands out, also what it had only reserved when this one started", async () => {
    const first = await lab.server({ POSEIDON_NOMAD_WARM: "1" });
    await first.client.put(111, { prewarmingPoolSize: 1 });
    await until("its reservation", async () => {
      const [id = ""] = await lab.jobIds("111-");
      return (await lab.meta(id))?.["reserved"] !== undefined;
    });
    const second = await lab.server(WITHOUT_RESERVATIONS);
    // Its owner might be dead, and a client have it.
    await second.settled(111, { idle: 1, used: 1 });
    const id = await first.claimed(111, 0);
    await second.settled(111, { idle: 1, used: 0 });
    expect(await first.statusOf(id)).toBe(200);
    expect(await second.statusOf(id)).toBe(200);
    expect((await second.figures(111))?.usedRunners).toBe(1);
  });

  it("do not trim what the other has just handed out", async () => {
    const first = await lab.server(WITHOUT_RESERVATIONS);
    await first.client.put(112, { prewarmingPoolSize: 2 });
    await first.settled(112, { idle: 2 });
    const second = await lab.server(WITHOUT_RESERVATIONS);
    await second.settled(112, { idle: 2 });
    const before = await lab.jobIds("112-");
    await lab.fault({ fault: "drop-events", topic: "Job", job: before[0], count: 100 });
    await lab.fault({ fault: "drop-events", topic: "Job", job: before[1], count: 100 });
    const id = await first.claimed(112, 0);
    const other = before.find((one) => one !== id) ?? "";
    const template = await lab.job("template-112");
    await lab.register(
      JSON.parse(JSON.stringify(template).replace('"prewarmingPoolSize":"2"', '"prewarmingPoolSize":"0"')),
    );
    expect((await second.client.call("GET", "/execution-environments/112?fetch=true")).status).toBe(200);
    await until("the other one to be trimmed", async () => (await lab.job(other)) === undefined);
    await second.client.call("GET", "/execution-environments?fetch=true");
    expect(await lab.job(id)).toBeDefined();
    expect(await first.statusOf(id)).toBe(200);
  });
});

describe("a hand-over", () => {
  it("from a server that is stopped loses nothing, and hands out nothing twice", async () => {
    const first = await lab.server({ POSEIDON_SERVER_SHUTDOWNTIMEOUT: "1" }, TIMINGS);
    await first.client.put(113, { prewarmingPoolSize: 5 });
    await first.settled(113, { idle: 5 });
    const given: string[] = [];
    const claims = [claimOn(first, 113, given, 60), claimOn(first, 113, given, 60)];
    await until("some claims", () => given.length >= 5);
    const stopping = first.stopApp();
    const second = await lab.server({}, TIMINGS);
    claims.push(claimOn(second, 113, given, 60));
    await Promise.all([stopping, ...claims]);
    await expectExact(second, 113, 5, given);
    await until("no job that nobody has", async () => {
      const { idleRunners, usedRunners } = (await second.figures(113)) ?? { idleRunners: 0, usedRunners: 0 };
      return (await lab.jobIds("113-")).length === idleRunners + usedRunners;
    });
  });

  it("serves a runner whose server died between the answer and the end of its reservation", async () => {
    const first = await lab.server({ POSEIDON_NOMAD_WARM: "1" });
    const second = await lab.server(WITHOUT_RESERVATIONS);
    await first.client.put(115, { prewarmingPoolSize: 1 });
    const [reserved = ""] = await until("its reservation", async () => {
      const ids = await lab.jobIds("115-");
      return (await lab.meta(ids[0] ?? ""))?.["reserved"] !== undefined && ids;
    });
    expect((await second.client.call("GET", "/execution-environments/115?fetch=true")).status).toBe(200);
    await lab.fault({ fault: "answer", method: "POST", path: "^/v1/jobs$", with: "hang", count: 100 });
    expect(await first.claimed(115, 500)).toBe(reserved);
    first.crash();
    await lab.fault();
    expect((await lab.meta(reserved))?.["reserved"]).toBeDefined();
    expect(await second.statusOf(reserved)).toBe(200);
    await second.settled(115, { idle: 1, used: 1 });
  });

  it("keeps a runner that was started anew while it was only reserved, and handed out then", async () => {
    const first = await lab.server({ POSEIDON_NOMAD_WARM: "1" });
    await first.client.put(116, { prewarmingPoolSize: 1 });
    const [id = ""] = await until("its reservation", async () => {
      const ids = await lab.jobIds("116-");
      return (await lab.meta(ids[0] ?? ""))?.["reserved"] !== undefined && ids;
    });
    const before = (await lab.job(id))?.JobModifyIndex ?? 0;
    await lab.reschedule(id);
    await until("a younger reservation", async () => {
      const job = await lab.job(id);
      return (job?.JobModifyIndex ?? 0) > before && (await lab.meta(id))?.["reserved"] !== undefined;
    });
    await first.settled(116, { idle: 1 });
    await lab.fault({ fault: "answer", method: "POST", path: "^/v1/jobs$", with: "hang", count: 100 });
    expect(await first.claimed(116, 500)).toBe(id);
    first.crash();
    await lab.fault();
    const second = await lab.server(WITHOUT_RESERVATIONS);
    expect(await second.statusOf(id)).toBe(200);
  });

  it("from a server that dies beside its successor loses nothing, and hands out nothing twice", async () => {
    const first = await lab.server({}, TIMINGS);
    await first.client.put(114, { prewarmingPoolSize: 5 });
    await first.settled(114, { idle: 5 });
    const second = await lab.server({}, TIMINGS);
    const given: string[] = [];
    const claims = [claimOn(first, 114, given, 20), claimOn(first, 114, given, 20)];
    await until("some claims", () => given.length >= 5);
    // In the middle of them: of some the mark still says that they are only reserved.
    first.crash();
    await Promise.all([...claims, claimOn(second, 114, given, 20)]);
    await expectExact(second, 114, 5, given);
  });
});
