import { sleep } from "../../lib/sleep.js";
import { DeadlineError, withDeadline } from "../../lib/with-deadline.js";
import type { ApiClient } from "./api-client.js";
import { DemoError } from "./errors.js";
import type { Steps } from "./steps.js";

/** The demo's only environment. */
export const ENVIRONMENT_ID = 10;
const READY_TIMEOUT = 30_000;
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
  await steps.run("the server has found the agent", () =>
    until(() => api.isReady(signal), {
      milliseconds: READY_TIMEOUT,
      what: "the server was not ready",
      signal,
    }),
  );
  await steps.run("an environment is created", () => api.createEnvironment(ENVIRONMENT_ID, settings, signal));
  await steps.run("its pool is prewarmed", () => {
    const check = async () => (await api.idleRunners(ENVIRONMENT_ID, signal)) > 0;
    return until(check, { milliseconds: POOL_TIMEOUT, what: "no runner became ready", signal });
  });
  return await steps.run("a runner is claimed", () => api.claim(ENVIRONMENT_ID, signal));
}

/** Looks again and again, since the API has no event for it. */
async function until(
  check: () => Promise<boolean>,
  options: { readonly milliseconds: number; readonly what: string; readonly signal: AbortSignal },
): Promise<void> {
  const { milliseconds, what, signal: outer } = options;
  await withDeadline(
    milliseconds,
    async (signal) => {
      while (!(await check())) await sleep(LOOK_INTERVAL, { signal });
    },
    { signal: outer },
  ).catch((error: unknown) => {
    throw error instanceof DeadlineError ? new DemoError(`${what} within ${milliseconds / 1000} s`) : error;
  });
}
