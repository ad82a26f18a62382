import { setTimeout as sleep } from "node:timers/promises";
import { percentile } from "../measure/statistics.js";
import { claimRegularly } from "./claiming.js";
import { fillEnvironments } from "./environments.js";
import type { LoadLab } from "./lab.js";
import type { Figures } from "./series.js";

export const RUNNERS_EACH = 50;
const RECONCILES = 3;
const SCRAPES = 20;
const CLAIMS = { period: 10, duration: 5_000 };
/** Time for what a start leaves behind to be collected, ms. */
const REST_MS = 3_000;

/** Idle runners in memory: what they weigh, what claims, a reconcile of all and a recovery cost. Leaves them in the lab. */
export async function measureIdleRunners(
  lab: LoadLab,
  runners: number,
  signal: AbortSignal,
): Promise<Figures> {
  const environments = Math.max(1, Math.round(runners / RUNNERS_EACH));
  const filled = await lab.watch(() =>
    fillEnvironments(lab.server.client, { environments, runnersEach: RUNNERS_EACH }),
  );
  const claims = await lab.watch(() =>
    claimRegularly(lab.server.client, { environments, signal, ...CLAIMS }),
  );
  const { times } = claims.result;
  const reconciles: Awaited<ReturnType<typeof reconcile>>[] = [];
  for (let count = 0; count < RECONCILES; count += 1) reconciles.push(await reconcile(lab));
  const scrapes = await timeScrapes(lab);
  const grown = await lab.watch(() => sleep(REST_MS));
  await lab.restartServer();
  const recoveredIn = lab.server.readyMs;
  const recovered = await lab.watch(() => sleep(REST_MS));
  return {
    "creating all, until all are idle": { unit: "ms", value: filled.ms },
    "server's CPU for that": { unit: "ms", value: filled.cpuMs },
    "resident memory after all below": { unit: "MiB", value: grown.memoryMiB, goal: 250 },
    "resident memory, recovered": { unit: "MiB", value: recovered.memoryMiB, goal: 250 },
    "claim, median": { unit: "ms", value: percentile(times, 0.5) },
    "claim, p99": { unit: "ms", value: percentile(times, 0.99), goal: 5 },
    "event loop's p99 delay under claims": { unit: "ms", value: claims.loop.p99, goal: 20 },
    "reconcile of all, server's CPU": {
      unit: "ms",
      value: percentile(
        reconciles.map(({ cpuMs }) => cpuMs),
        0.5,
      ),
      goal: 1_000,
    },
    "event loop's p99 delay under it": {
      unit: "ms",
      value: Math.max(...reconciles.map(({ loop }) => loop.p99)),
      goal: 20,
    },
    "event loop's longest delay under it": {
      unit: "ms",
      value: Math.max(...reconciles.map(({ loop }) => loop.max)),
    },
    "a scrape of /metrics, median": { unit: "ms", value: percentile(scrapes, 0.5), goal: 50 },
    "a scrape of /metrics, longest": { unit: "ms", value: Math.max(...scrapes) },
    "recovery, start to ready": { unit: "ms", value: recoveredIn },
  };
}

/** Has the server compare everything with Nomad. */
function reconcile(lab: LoadLab) {
  return lab.watch(() => lab.server.client.call("GET", "/api/v1/execution-environments?fetch=true"));
}

/** As a client sees them, ms. */
async function timeScrapes(lab: LoadLab): Promise<readonly number[]> {
  const times: number[] = [];
  for (let count = 0; count < SCRAPES; count += 1) {
    const start = performance.now();
    await lab.server.client.call("GET", "/metrics");
    times.push(performance.now() - start);
  }
  return times;
}
