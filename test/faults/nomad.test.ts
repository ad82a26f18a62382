import { afterAll, describe, expect, it } from "vitest";
import type { Answer } from "../api/suite/client.js";
import { Lab } from "../support/lab.js";
import type { TestServer } from "../support/server.js";
import { until } from "../support/until.js";

/** Snapshots often, so that what an event did not tell is found soon; a dead stream is noticed soon. */
const OFTEN = { POSEIDON_NOMAD_SNAPSHOTINTERVAL: "1", POSEIDON_NOMAD_WARM: "1" };
const TIMINGS = { timings: { eventSilence: 1_000 } };
const PATIENT = { within: 90_000, every: 50 };

/** Seconds that Nomad is away in the longest test; by hand for 2 minutes and more. */
const AWAY = Number(process.env.FAULTS_AWAY ?? 8);

const figures: string[] = [];
const note = (fault: string, recovery: number, slowest?: number) =>
  figures.push(
    `${fault}: all is exact ${Math.round(recovery)} ms after it${slowest === undefined ? "" : `, slowest answer ${Math.round(slowest)} ms`}`,
  );
afterAll(() => console.log(`faults of Nomad\n${figures.join("\n")}`));

const KEPT = 1;

/** A server with an environment of three idle runners and a used one. */
async function begin(lab: Lab): Promise<{ readonly server: TestServer; readonly used: string }> {
  const server = await lab.server(OFTEN, TIMINGS);
  await server.client.put(KEPT, { prewarmingPoolSize: 3 });
  await server.settled(KEPT, { idle: 3 }, PATIENT);
  const used = await server.claimed(KEPT);
  await server.settled(KEPT, { idle: 3, used: 1 }, PATIENT);
  await until("its mark", async () => (await lab.meta(used))?.["timeout"] === "0", PATIENT);
  return { server, used };
}

/** The used runner is still there, pools are exact, and Nomad has nothing that is not known. Resolves with the time that it took, ms. */
async function recovered(lab: Lab, server: TestServer, used: string): Promise<number> {
  const start = performance.now();
  await until(
    "everything to be exact",
    async () => {
      const answer = await server.client.call("GET", "/statistics/execution-environments");
      const all = Object.values(answer.json() as Record<string, Record<string, number>>);
      if (
        !all.every((one) => one["idleRunners"] === one["prewarmingPoolSize"] && one["startingRunners"] === 0)
      )
        return false;
      const known = all.reduce(
        (sum, one) => sum + 1 + (one["idleRunners"] ?? 0) + (one["usedRunners"] ?? 0),
        0,
      );
      return (await lab.livingJobIds()).length === known;
    },
    PATIENT,
  );
  const time = performance.now() - start;
  expect(await server.statusOf(used)).toBe(200);
  const put = await server.client.put(2, { prewarmingPoolSize: 1 });
  expect([201, 204]).toContain(put.status);
  await server.settled(2, { idle: 1 }, PATIENT);
  return time;
}

/** Every kind of request, and how long the slowest took, ms. A server error says whether Nomad could not be reached. */
async function askAll(server: TestServer, codes: readonly string[]): Promise<number> {
  let slowest = 0;
  const ask = async (what: string, call: Promise<Answer>) => {
    const start = performance.now();
    const answer = await call;
    slowest = Math.max(slowest, performance.now() - start);
    if (answer.status === 500) expect(codes, `${what}: ${answer.text}`).toContain(answer.json().errorCode);
    else expect(answer.status, what).toBeLessThan(500);
    return answer;
  };
  const { client } = server;
  await Promise.all([
    ask("PUT", client.put(2, { prewarmingPoolSize: 1 })),
    ask(
      "claim",
      server.claim(KEPT).then(async (answer) => {
        if (answer.status === 200) await ask("return", server.release(answer.json().runnerId));
        return answer;
      }),
    ),
    ask("fetch", client.call("GET", `/execution-environments/${KEPT}?fetch=true`)),
    ask("fetch of all", client.call("GET", "/execution-environments?fetch=true")),
    ask("list", client.call("GET", "/execution-environments")),
    ask("statistics", client.call("GET", "/statistics/execution-environments")),
    ask("health", client.call("GET", "/health")),
  ]);
  return slowest;
}

async function inLab(run: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = await Lab.start();
  try {
    await run(lab);
  } finally {
    await lab.stop();
  }
}

const CALLS = [
  ["POST", "^/v1/jobs$"],
  ["DELETE", "^/v1/job/"],
  ["GET", "^/v1/jobs$"],
  ["GET", "^/v1/job/[^/]*$"],
  ["GET", "^/v1/job/[^/]*/allocations$"],
  ["GET", "^/v1/allocations$"],
  ["GET", "^/v1/allocation/"],
  ["GET", "^/v1/evaluation/"],
  ["GET", "^/v1/event/stream$"],
] as const;

describe.concurrent("every request is answered, and all is right afterwards, when Nomad", () => {
  const cases = CALLS.flatMap(([method, path]) =>
    ([500, 429, "hang"] as const).map((answer) => [answer, method, path] as const),
  );
  it.each(cases)("answers %s to %s %s", async (answer, method, path) => {
    await inLab(async (lab) => {
      const { server, used } = await begin(lab);
      await lab.fault({ fault: "answer", method, path, with: answer, count: 3 });
      await lab.fault({ fault: "close-streams" });
      const unreachable = ["NOMAD_UNREACHABLE"];
      const codes = answer === 500 ? ["UNKNOWN", "NOMAD_INTERNAL_SERVER_ERROR"] : unreachable;
      // Behind a claim that found no runner left there is an empty pool.
      const slowest = await askAll(server, [...codes, "NOMAD_OVERLOAD"]);
      await lab.fault();
      note(`${answer} to ${method} ${path}`, await recovered(lab, server, used), slowest);
    });
  });
});

describe.concurrent("the server recovers by itself when", () => {
  it("heartbeats are missing: the connection is dead, a new one is opened", async () => {
    await inLab(async (lab) => {
      const { server, used } = await begin(lab);
      const reconnects = () => server.lines.filter(({ message }) => /reachable again/.test(message)).length;
      await lab.fault({ fault: "stop-heartbeats" });
      await until("the reconnect", () => reconnects() > 0, PATIENT);
      await lab.fault();
      note("no heartbeats", await recovered(lab, server, used));
    });
  });

  it.each([
    ["close", 1],
    ["silence", 1],
    ["close", AWAY],
    ["silence", AWAY],
  ] as const)("Nomad is away (%s) for %i s", { timeout: AWAY * 1_000 + 120_000 }, async (how, seconds) => {
    await inLab(async (lab) => {
      const { server, used } = await begin(lab);
      server.gate[how]();
      const end = performance.now() + seconds * 1_000;
      const slowest = await askAll(server, ["NOMAD_UNREACHABLE", "NOMAD_OVERLOAD"]);
      // Things happen there meanwhile.
      const [idle = ""] = (await lab.jobIds(`${KEPT}-`)).filter((id) => id !== used);
      await lab.purge(idle);
      await until("the end of the absence", () => performance.now() > end, {
        within: seconds * 1_000 + PATIENT.within,
      });
      await server.gate.open();
      note(`Nomad away for ${seconds} s (${how})`, await recovered(lab, server, used), slowest);
    });
  });

  it.each([
    ["the indexes have gaps", [{ fault: "skip-indexes", count: 1_000 }]],
    ["the event buffer is overrun while the stream is open", [{ fault: "overrun-buffer" }]],
    [
      "the event buffer is overrun behind a lost stream",
      [{ fault: "close-streams" }, { fault: "overrun-buffer" }, { fault: "overrun-buffer" }],
    ],
    ["Nomad restarts with its state", [{ fault: "restart-agent", keepState: true, downFor: 500 }]],
  ] as const)("%s", async (what, faults) => {
    await inLab(async (lab) => {
      const { server, used } = await begin(lab);
      const [idle = ""] = (await lab.jobIds(`${KEPT}-`)).filter((id) => id !== used);
      await lab.fault({ fault: "drop-events", job: idle, count: 100 });
      await lab.purge(idle);
      for (const fault of faults) await lab.fault(fault);
      await until("Nomad to answer", async () => (await lab.call("GET", "/v1/jobs")).status === 200, PATIENT);
      note(what, await recovered(lab, server, used));
      expect(await lab.job(idle)).toBeUndefined();
    });
  });

  it("Nomad comes back without anything: used runners are gone, pools are made anew", async () => {
    await inLab(async (lab) => {
      const { server, used } = await begin(lab);
      await lab.fault({ fault: "restart-agent", keepState: false, downFor: 500 });
      const start = performance.now();
      await until("410", async () => (await server.statusOf(used)) === 410, PATIENT);
      await server.settled(KEPT, { idle: 3, used: 0 }, PATIENT);
      note("Nomad restarts without its state", performance.now() - start);
    });
  });
});
