import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Lab } from "../../support/lab.js";
import { until } from "../../support/until.js";

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.start();
});
afterEach(() => lab.stopServers());
afterAll(() => lab.stop());

/** What lands in this time behind a recovery may be a dead server's; it is looked at after thrice and six times as long. */
const TIMINGS = { timings: { lateMarks: 500, trimGrace: 300 } };

/** The next mark stays on its way to Nomad until the faults end, also when its server dies meanwhile. */
const LATE = { fault: "delay-answer", method: "POST", path: "^/v1/jobs$", delay: 60_000 };

/** How many further calls will be late. */
async function lateLeft(): Promise<number> {
  const { body } = await lab.call("GET", "/v1/faults");
  return (body as readonly { readonly count: number }[])[0]?.count ?? 0;
}

async function reservedRunner(environment: number): Promise<string> {
  return await until("a reservation", async () => {
    const [id = ""] = await lab.jobIds(`${environment}-`);
    return (await lab.meta(id))?.["reserved"] !== undefined && id;
  });
}

describe("a killed server's mark that lands behind its successor's recovery", () => {
  it("of a runner that was handed out: its timer runs all the same, with the timeout that the mark says", async () => {
    const first = await lab.server({ POSEIDON_NOMAD_WARM: "1" });
    await first.client.put(120, { prewarmingPoolSize: 1 });
    const id = await reservedRunner(120);
    await lab.fault({ ...LATE, count: 10 });
    expect(await first.claimed(120, 1)).toBe(id);
    // Its mark, and the registration of its replacement.
    await until("both calls to be on their way", async () => (await lateLeft()) === 8);
    first.crash();
    const second = await lab.server({ POSEIDON_NOMAD_WARM: "0" }, TIMINGS);
    await second.settled(120, { idle: 0, starting: 1, used: 1 });
    await lab.fault();
    await until("the late mark", async () => (await lab.meta(id))?.["timeout"] === "1");
    await second.settled(120, { idle: 1, used: 0 });
    await until("the runner's end", async () => (await lab.job(id)) === undefined, { within: 20_000 });
    await second.settled(120, { idle: 1, used: 0 });
  });

  it("of a claim that was never answered: it counts as used, and nobody else gets it", async () => {
    const first = await lab.server({ POSEIDON_NOMAD_WARM: "0" });
    await first.client.put(121, { prewarmingPoolSize: 1 });
    await first.settled(121, { idle: 1 });
    const [id = ""] = await lab.jobIds("121-");
    await lab.fault({ ...LATE, count: 1 });
    const claim = first.claim(121, 500);
    await until("the mark to be on its way", async () => (await lateLeft()) === 0);
    first.crash();
    const second = await lab.server({ POSEIDON_NOMAD_WARM: "0" }, TIMINGS);
    await second.settled(121, { idle: 1, used: 0 });
    await lab.fault();
    expect((await claim).status).toBe(500);
    await second.settled(121, { idle: 1, used: 1 }, { within: 20_000 });
    expect(await second.statusOf(id)).toBe(200);
    expect(await second.claimed(121)).not.toBe(id);
  });
});

it("what a server that lives hands out and reserves is left alone", async () => {
  const first = await lab.server({ POSEIDON_NOMAD_WARM: "1" }, TIMINGS);
  await first.client.put(122, { prewarmingPoolSize: 1 });
  await reservedRunner(122);
  const second = await lab.server({ POSEIDON_NOMAD_WARM: "0" }, TIMINGS);
  const early = await first.claimed(122, 0);
  await second.settled(122, { idle: 1, used: 0 });
  // Its sign of life comes behind the grace time.
  await until(
    "the second to see that",
    async () => {
      await first.settled(122, { idle: 1 });
      await first.release(await first.claimed(122, 0));
      return second.lines.some(({ message }) => message.includes("another server is at work"));
    },
    { within: 20_000 },
  );
  expect((await second.figures(122))?.usedRunners).toBe(0);
  expect(await first.statusOf(early)).toBe(200);
});
