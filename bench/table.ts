import { cpus, release } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { observeExecutions } from "./breakdown/observe.js";
import { openImages, POOL_SIZE } from "./images.js";
import { type Baseline, sessionBaseline, spawnBaseline } from "./measure/baseline.js";
import { processUse } from "./measure/processes.js";
import { repeat } from "./measure/repeat.js";
import { percentile, summarize } from "./measure/statistics.js";
import { takeMeasurement } from "./measure/take.js";
import type { BenchOptions } from "./options.js";
import type { Results } from "./report/results.js";
import { type Measurement, measurementOf, type Row } from "./report/row.js";
import { STEPS } from "./steps/index.js";
import { memoryRows } from "./steps/memory.js";
import { measureRecovery, recovery } from "./steps/recovery.js";
import type { ImageBench, StepContext } from "./steps/step.js";
import { type OpenTarget, openTarget } from "./target/open.js";

/** After a pool is full, what was given back is still being taken down for a moment. */
const REST_MS = 100;

/** How a run is watched and ended. */
export interface Run {
  /** Told what is being done. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Measures the table of performance.md. */
export async function runTable(options: BenchOptions, run: Run): Promise<Results> {
  const target = await openTarget(options, run.signal);
  try {
    const measured = await runSteps(target, options, run);
    await target.stopServer();
    // What was measured is not lost because something behind it fails.
    const observed = await orNothing(run, () => runBreakdown(target, options, run));
    const recovered = await orNothing(run, () => runRecovery(options, run));
    return {
      conditions: {
        target: target.description,
        node: process.version,
        kernel: release(),
        cores: cpus().length,
        repetitions: options.repetitions,
      },
      baseline: measured.baseline,
      rows: [...measured.rows, ...recovered],
      breakdown: observed,
    };
  } finally {
    await target.close();
  }
}

async function runSteps(
  target: OpenTarget,
  options: BenchOptions,
  { say, signal }: Run,
): Promise<Pick<Results, "baseline" | "rows">> {
  const { client, serverPid } = target;
  const benches = await openImages(client, options, say);
  try {
    const [first] = benches;
    if (first === undefined) throw new Error("no runner became idle: nothing can be measured");
    const idle = processUse(serverPid)?.memoryMiB;
    const bounds = { repetitions: options.repetitions, limitMs: options.limitMs, signal };
    const context: StepContext = {
      client,
      bounds,
      poolSize: POOL_SIZE,
      spareEnvironmentId: options.firstEnvironmentId + 9,
      serverPid,
      async settled(environmentId) {
        await client.untilIdle(environmentId, POOL_SIZE);
        await sleep(REST_MS);
      },
    };
    const baseline = await baselineOf(target, first);
    say(`baseline: ${baseline.name}`);
    const half = { ...bounds, repetitions: Math.ceil(options.repetitions / 2) };
    const before = await repeat(() => baseline.once(), half);
    const rows: Row[] = [];
    for (const step of STEPS) {
      if (!isWanted(options, step.id)) continue;
      const measurements: Measurement[] = [];
      for (const bench of step.images === "each" ? benches : [first]) {
        say(`${step.title}${step.images === "each" ? `, ${bench.label}` : ""}`);
        const parts = { context, bench, baseline: percentile(before.values, 0.5) };
        measurements.push(await takeMeasurement(step, parts));
      }
      rows.push({ ...step, measurements });
    }
    if (isWanted(options, "memory")) rows.push(...(await memoryRows(serverPid, idle, signal)));
    const after = await repeat(() => baseline.once(), half);
    await baseline.close();
    const summary = summarize([...before.values, ...after.values]);
    return { baseline: { name: baseline.name, unit: "ms", summary }, rows };
  } finally {
    for (const { environmentId } of benches) await client.deleteEnvironment(environmentId);
  }
}

function baselineOf({ isCluster, nomad }: OpenTarget, { runners }: ImageBench): Promise<Baseline> | Baseline {
  const [runner] = runners;
  return isCluster && nomad !== undefined && runner !== undefined
    ? sessionBaseline(nomad, runner)
    : spawnBaseline;
}

async function runBreakdown({ nomad }: OpenTarget, options: BenchOptions, { say, signal }: Run) {
  if (nomad === undefined || !isWanted(options, "breakdown")) return [];
  say("where the time of one execution goes");
  const { firstEnvironmentId: environmentId, image = "any" } = options;
  return observeExecutions(nomad, { environmentId, image, signal });
}

async function runRecovery(options: BenchOptions, { say, signal }: Run): Promise<Row[]> {
  if (!isWanted(options, recovery.id)) return [];
  say(recovery.title);
  const { repetitions, limitMs } = options;
  const samples = await measureRecovery({ repetitions, limitMs: 2 * limitMs, signal });
  const parts = { image: undefined, paths: {}, baseline: undefined };
  return [{ ...recovery, measurements: [measurementOf(recovery, samples, parts)] }];
}

/** What `work` gives; an empty list, and a word about it, when it fails. */
async function orNothing<T>({ say, signal }: Run, work: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    say(`FAILED: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

function isWanted({ only }: BenchOptions, id: string): boolean {
  return only.length === 0 || only.includes(id);
}
