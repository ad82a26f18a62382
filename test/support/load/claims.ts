import type { Connections } from "./connections.js";
import { type Paced, paced } from "./paced.js";

/** How often it is asked how many idle runners there are, ms. */
const LOOK_MS = 100;
/** As many wait while no server is there. */
const MOST = 20;
/** So many runners stay in the pool: whoever stops fills it no longer, and what it still hands out shows late. */
const MARGIN = 40;

/**
 * Claims runners at a rate and returns them. An empty pool is a right answer to a claim, so no more are made than there are idle runners for, as far as is known:
 * while nobody fills the pool they become fewer.
 */
export function claimLoad(
  connections: Connections,
  { environmentId, rate }: { readonly environmentId: number; readonly rate: number },
): Paced {
  let left = 0;
  let started = 0;
  let claiming = 0;
  const looks = paced({ rate: 1_000 / LOOK_MS, most: 1 }, async () => {
    const before = started - claiming;
    const text = await connections.call("GET", "/statistics/execution-environments", { expected: 200 });
    const { idleRunners } = (JSON.parse(text) as Record<number, { idleRunners: number }>)[environmentId] ?? {
      idleRunners: 0,
    };
    // Those that were not answered when it was asked may have been served before or after.
    left = idleRunners - (started - before) - MARGIN;
  });
  const body = { executionEnvironmentId: environmentId, inactivityTimeout: 0 };
  const claims = paced({ rate, most: MOST, allowed: () => left > 0 }, async () => {
    left -= 1;
    started += 1;
    claiming += 1;
    const text = await connections
      .call("POST", "/runners", { expected: 200, body })
      .finally(() => (claiming -= 1));
    const { runnerId } = JSON.parse(text) as { runnerId: string };
    await connections.call("DELETE", `/runners/${runnerId}`, { expected: 204 });
  });
  return {
    get done() {
      return claims.done;
    },
    get underWay() {
      return claims.underWay;
    },
    get skipped() {
      return claims.skipped;
    },
    get failures() {
      return [...claims.failures, ...looks.failures];
    },
    async stop() {
      const [rate] = await Promise.all([claims.stop(), looks.stop()]);
      return rate;
    },
  };
}
