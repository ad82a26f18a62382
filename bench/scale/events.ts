import { setTimeout as sleep } from "node:timers/promises";
import { loopDelay, type MetricSample, meanBetween } from "../measure/metrics.js";
import { percentile } from "../measure/statistics.js";
import { claimRegularly, refillOnce } from "./claiming.js";
import type { LoadLab } from "./lab.js";
import type { Figures } from "./series.js";

const DURATION = 10_000;
const CLAIM_PERIOD = 20;

/** ms between two refills that are watched: watching asks for the statistics of all environments every few milliseconds, which is a load. */
const REFILL_PAUSE = 250;
/** The server's own measure of how old an event is when it comes. */
const LAG = "poseidon_nomad_event_lag_seconds";

/** Events coming in while claims are served: their times, and how far behind the server's knowledge is. */
export async function measureEvents(
  lab: LoadLab,
  options: {
    readonly rate: number;
    /** Those that hold runners; the last is kept for watching refills. */
    readonly environments: number;
    readonly runnersEach: number;
    readonly signal: AbortSignal;
  },
): Promise<Figures> {
  const { rate, environments, runnersEach, signal } = options;
  const { client } = lab.server;
  const watched = environments;
  const claimed = { environments: environments - 1, period: CLAIM_PERIOD, duration: DURATION, signal };
  const refills: number[] = [];
  const load = await lab.watch(async () => {
    let over = false;
    const start = await client.metrics();
    const watching = (async () => {
      while (!over) {
        refills.push(await refillOnce(client, watched, runnersEach));
        await sleep(REFILL_PAUSE);
      }
    })();
    const [sent, claims, middle] = await Promise.all([
      lab.events({ rate, duration: DURATION }),
      claimRegularly(client, claimed),
      sleep(DURATION / 2).then(() => client.metrics()),
    ]);
    over = true;
    await watching;
    return { sent, claims, looks: [start, middle, await client.metrics()] as const };
  });
  const { times, failed } = load.result.claims;
  const [start, middle, end] = load.result.looks;
  const half = Math.floor(refills.length / 2);
  return {
    "events that came a second": { unit: "/s", value: load.result.sent / (DURATION / 1_000) },
    "claim, median": { unit: "ms", value: percentile(times, 0.5) },
    "claim, p99": { unit: "ms", value: percentile(times, 0.99), goal: 5 },
    "claims and returns that failed": { unit: "", value: failed, goal: 1 },
    "age of an event when it comes, mean, first half": { unit: "ms", value: ageOf(start, middle) },
    "age of an event when it comes, mean, second half": { unit: "ms", value: ageOf(middle, end) },
    "refill of one, median, first half": { unit: "ms", value: percentile(refills.slice(0, half), 0.5) },
    "refill of one, median, second half": { unit: "ms", value: percentile(refills.slice(half), 0.5) },
    // The figure is that since the last look.
    "event loop's p99 delay": {
      unit: "ms",
      value: Math.max(loopDelay(middle)?.p99 ?? Number.NaN, loopDelay(end)?.p99 ?? Number.NaN),
      goal: 20,
    },
    "server's CPU, share of a core": { unit: "%", value: (load.cpuMs / load.ms) * 100 },
    "resident memory": { unit: "MiB", value: load.memoryMiB, goal: 250 },
  };
}

/** ms. */
function ageOf(before: readonly MetricSample[], after: readonly MetricSample[]): number {
  return meanBetween(LAG, before, after) * 1_000;
}
