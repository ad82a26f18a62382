import { sleep } from "../../lib/sleep.js";
import { withDeadline } from "../../lib/with-deadline.js";
import type { ApiClient } from "./api-client.js";
import { DemoError } from "./errors.js";
import type { Steps } from "./steps.js";

/** The demo's only environment. */
export const ENVIRONMENT_ID = 10;
const POOL_TIMEOUT = 120_000;
const LOOK_INTERVAL = 20;

/** Creates an environment, waits for a prewarmed runner and claims it; returns the runner's id. */
export async function claimRunner(options: {
  readonly api: ApiClient;
  readonly steps: Steps;
  readonly image: string;
  readonly signal: AbortSignal;
}): Promise<string> {
  const { api, steps, image, signal } = options;
  const settings = {
    image,
    prewarmingPoolSize: 2,
    cpuLimit: 100,
    memoryLimit: 256,
    networkAccess: false,
    exposedPorts: [],
  };
  await steps.run("an environment is created", () => api.createEnvironment(ENVIRONMENT_ID, settings, signal));
  await steps.run("its pool is prewarmed", () => poolReady(api, signal));
  return await steps.run("a runner is claimed", () => api.claim(ENVIRONMENT_ID, signal));
}

/** The API has no event for it, so this looks again and again. */
async function poolReady(api: ApiClient, outer: AbortSignal): Promise<void> {
  await withDeadline(
    POOL_TIMEOUT,
    async (signal) => {
      while ((await api.idleRunners(ENVIRONMENT_ID, signal)) === 0) await sleep(LOOK_INTERVAL, { signal });
    },
    { signal: outer },
  ).catch((error: unknown) => {
    if (outer.aborted) throw error;
    throw new DemoError(`no runner became ready within ${POOL_TIMEOUT / 1000} s: ${String(error)}`);
  });
}
