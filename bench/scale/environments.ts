import { forEachLimit } from "../../src/lib/for-each-limit.js";
import type { BenchClient } from "../client.js";

/** Small, so that the agent's one node has room for all of them. */
const SETTINGS = { image: "null", cpuLimit: 1, memoryLimit: 10 };

/** Creates the environments 1, 2, … and waits until all of their runners are idle. */
export async function fillEnvironments(
  client: BenchClient,
  { environments, runnersEach }: { readonly environments: number; readonly runnersEach: number },
): Promise<void> {
  const ids = Array.from({ length: environments }, (_, index) => index + 1);
  await forEachLimit(4, ids, (id) =>
    client.createEnvironment(id, { ...SETTINGS, prewarmingPoolSize: runnersEach }),
  );
  for (const id of ids) await client.untilIdle(id, runnersEach);
}
