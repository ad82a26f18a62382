import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ANSWER_MS } from "../../../src/nomad/answer-time.js";
import { Lab } from "../../support/lab.js";
import { until } from "../../support/until.js";
import type { Answer } from "../suite/client.js";

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.start();
});
afterEach(() => lab.stopServers());
afterAll(() => lab.stop());

/** Nobody waits for a silent Nomad twice in a row; less than that a busy machine may take. */
const TWO_WAITS_MS = 2 * ANSWER_MS;

const UNREACHABLE = [500, "NOMAD_UNREACHABLE"];
const codeOf = (answer: Answer) => [answer.status, answer.json().errorCode];

describe("without Nomad", () => {
  it("the port is open, what needs Nomad is refused, and all goes on by itself once it is there", async () => {
    const server = await lab.server({}, { gateOpen: false, recovered: false });
    expect((await server.client.call("GET", "/health")).status).toBe(204);
    expect((await server.client.call("GET", "/version")).status).toBe(200);
    expect((await server.client.call("GET", "/openapi.json")).status).toBe(200);
    expect(codeOf(await server.client.call("GET", "/execution-environments"))).toEqual(UNREACHABLE);
    expect(codeOf(await server.client.put(100))).toEqual(UNREACHABLE);
    expect(codeOf(await server.claim(100))).toEqual(UNREACHABLE);
    await server.gate.open();
    await server.recovered();
    expect((await server.client.put(100, { prewarmingPoolSize: 1 })).status).toBe(201);
    await server.settled(100, { idle: 1 });
  });

  it("a stop ends a server that never reached it", async () => {
    const server = await lab.server({}, { gateOpen: false, recovered: false });
    await server.stop();
  });

  it.each(["close", "silence"] as const)(
    "(%s) a running server answers from memory, refuses the rest within 5 s, and goes on by itself",
    async (how) => {
      const server = await lab.server({ POSEIDON_NOMAD_WARM: "1" });
      await server.client.put(101, { prewarmingPoolSize: 2 });
      await server.settled(101, { idle: 2 });
      await until("a reservation", async () => {
        const metas = await Promise.all((await lab.jobIds("101-")).map((id) => lab.meta(id)));
        return metas.some((meta) => meta?.["reserved"]);
      });
      const used = await server.claimed(101, 500);
      await server.settled(101, { idle: 2, used: 1 });
      await until("a reservation", async () => {
        const metas = await Promise.all((await lab.jobIds("101-")).map((id) => lab.meta(id)));
        return metas.some((meta) => meta?.["reserved"]);
      });
      server.gate[how]();
      const list = await server.client.call("GET", "/execution-environments");
      const ids = list.json().executionEnvironments.map(({ id }: { id: number }) => id);
      expect(ids).toContain(101);
      expect(await server.statusOf(used)).toBe(200);
      // The reserved one is marked already.
      const reserved = await server.claimed(101, 600);
      const begin = performance.now();
      const refused = await Promise.all([
        server.claim(101),
        server.client.call("GET", "/execution-environments/101?fetch=true"),
        server.client.call("GET", "/execution-environments?fetch=true"),
        server.client.call("DELETE", `/runners/${used}`),
        server.client.put(102, { prewarmingPoolSize: 1 }),
      ]);
      for (const answer of refused) expect(codeOf(answer)).toEqual(UNREACHABLE);
      expect(performance.now() - begin).toBeLessThan(TWO_WAITS_MS);
      expect(await server.statusOf(used)).toBe(410);
      await server.gate.open();
      await until("the deletion", async () => (await lab.job(used)) === undefined, { within: 20_000 });
      await until("the mark", async () => (await lab.meta(reserved))?.["timeout"] === "600", {
        within: 20_000,
      });
      await server.settled(101, { idle: 2, used: 1 }, { within: 20_000 });
      await server.settled(102, { idle: 1 }, { within: 20_000 });
      expect(await lab.jobIds("101-")).toHaveLength(3);
    },
  );

  it("100 claims at once are refused within 5 s while it is silent, and none is lost", async () => {
    const server = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await server.client.put(103, { prewarmingPoolSize: 100 });
    await server.settled(103, { idle: 100 }, { within: 20_000 });
    server.gate.silence();
    const begin = performance.now();
    const answers = await Promise.all(Array.from({ length: 100 }, () => server.claim(103)));
    for (const answer of answers) expect(codeOf(answer)).toEqual(UNREACHABLE);
    expect(performance.now() - begin).toBeLessThan(TWO_WAITS_MS);
    await server.gate.open();
    await server.settled(103, { idle: 100, used: 0 }, { within: 20_000 });
    expect(await lab.jobIds("103-")).toHaveLength(100);
  });

  it("60 returns at once are refused within 5 s while it is silent, and done later", async () => {
    const server = await lab.server();
    await server.client.put(104, { prewarmingPoolSize: 60 });
    await server.settled(104, { idle: 60 }, { within: 20_000 });
    const ids = await Promise.all(Array.from({ length: 60 }, () => server.claimed(104)));
    await server.settled(104, { idle: 60, used: 60 }, { within: 20_000 });
    server.gate.silence();
    const begin = performance.now();
    const answers = await Promise.all(ids.map((id) => server.release(id)));
    for (const answer of answers) expect(codeOf(answer)).toEqual(UNREACHABLE);
    expect(performance.now() - begin).toBeLessThan(TWO_WAITS_MS);
    await server.gate.open();
    await until("the deletions", async () => (await lab.jobIds("104-")).length === 60, { within: 20_000 });
    await server.settled(104, { idle: 60, used: 0 }, { within: 20_000 });
  });

  it("changes of one environment are refused together, also while registrations of it are under way", async () => {
    const server = await lab.server();
    await server.client.put(106, { prewarmingPoolSize: 1 });
    await server.settled(106, { idle: 1 });
    await lab.fault({ fault: "answer", method: "POST", path: "^/v1/jobs$", with: "hang", count: 100 });
    await lab.kill((await lab.jobIds("106-"))[0] ?? "", "failed");
    await until("the registration of its replacement", async () => {
      const { body } = await lab.call("GET", "/v1/faults");
      return (body as readonly { readonly count: number }[]).some(({ count }) => count < 100);
    });
    server.gate.silence();
    const begin = performance.now();
    const answers = await Promise.all([
      server.client.put(106, { prewarmingPoolSize: 2 }),
      server.client.call("DELETE", "/execution-environments/106"),
      server.client.put(106, { prewarmingPoolSize: 3 }),
      server.client.call("GET", "/execution-environments/106?fetch=true"),
    ]);
    for (const answer of answers) expect(codeOf(answer)).toEqual(UNREACHABLE);
    expect(performance.now() - begin).toBeLessThan(TWO_WAITS_MS);
    await lab.fault();
    await server.gate.open();
    // Each was worked on, in the order in which they came.
    await server.settled(106, { idle: 3 }, { within: 20_000 });
    expect(await lab.jobIds("106-")).toHaveLength(3);
  });

  it("a stop ends in bounded time", async () => {
    const server = await lab.server({ POSEIDON_SERVER_SHUTDOWNTIMEOUT: "0" });
    await server.client.put(105, { prewarmingPoolSize: 3 });
    await server.settled(105, { idle: 3 });
    server.gate.silence();
    const begin = performance.now();
    await server.stop();
    expect(performance.now() - begin).toBeLessThan(13_000);
  }, 40_000);
});
