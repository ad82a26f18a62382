import { expect } from "vitest";
import type { Lab } from "../../support/lab.js";
import type { TestServer } from "../../support/server.js";
import { until } from "../../support/until.js";
import type { Ledger } from "./ledger.js";

/** Many servers at once on one machine: seldom looks, and long waits. */
const PATIENT = { within: 60_000, every: 50 };

/**
 * What must hold once a server runs again after another one died: every environment and every runner that clients were told of is there, nothing else
 * is, pools are exact, and nobody gets a runner that somebody had. Resolves with how long pools took to be exact, in ms.
 */
export async function expectNothingLost(lab: Lab, server: TestServer, ledger: Ledger): Promise<number> {
  const begin = performance.now();
  const list = await server.client.call("GET", "/execution-environments");
  const environments: { id: number; prewarmingPoolSize: number }[] = list.json().executionEnvironments;
  for (const { id, prewarmingPoolSize } of environments)
    await server.settled(id, { idle: prewarmingPoolSize }, PATIENT);
  let seen = "";
  await until(
    "exactly the jobs that are known",
    async () => {
      const all = await Promise.all(environments.map(async ({ id }) => await server.figures(id)));
      const known = all.map((figures) => {
        const { idleRunners = 0, startingRunners = 0, usedRunners = 0 } = figures ?? {};
        return 1 + idleRunners + startingRunners + usedRunners;
      });
      const jobs = await lab.livingJobIds();
      seen = `known: ${JSON.stringify(all)}, jobs: ${jobs.join(" ")}`;
      return jobs.length === known.reduce((sum, count) => sum + count, 0);
    },
    PATIENT,
  ).catch((error: Error) => {
    throw new Error(`${error.message}; ${seen}`, { cause: error });
  });
  const time = performance.now() - begin;

  const sizes = new Map(environments.map(({ id, prewarmingPoolSize }) => [id, prewarmingPoolSize]));
  for (const [id, size] of ledger.environments) {
    if (size === "deleted") expect(sizes.has(id), `environment ${id} is back`).toBe(false);
    else if (size !== undefined) expect(sizes.get(id), `size of environment ${id}`).toBe(size);
  }
  const jobs = await lab.livingJobIds();
  const environmentOf = (id: string) => Number(id.replace(/^template-/, "").split("-")[0]);
  expect(jobs.filter((id) => !sizes.has(environmentOf(id)))).toEqual([]);
  for (const [id, holding] of ledger.runners) {
    if (holding === "held") expect(await server.statusOf(id), `${id}, which was handed out`).toBe(200);
    if (holding === "returned") expect(await server.statusOf(id), `${id}, which was returned`).toBe(410);
  }
  for (const ends of ledger.ends) expect(ends).toBeLessThanOrEqual(1);

  const again = environments.flatMap(({ id, prewarmingPoolSize }) =>
    Array.from({ length: prewarmingPoolSize }, () => server.claimed(id)),
  );
  const claimed = await Promise.all(again);
  expect(new Set(claimed).size).toBe(claimed.length);
  expect(claimed.filter((id) => ledger.runners.has(id))).toEqual([]);
  for (const { id, prewarmingPoolSize } of environments)
    await server.settled(id, { idle: prewarmingPoolSize }, PATIENT);
  return time;
}
