import { cpus } from "node:os";
import { processUse } from "../measure/processes.js";
import { repeat } from "../measure/repeat.js";
import { percentile } from "../measure/statistics.js";
import type { BenchOptions } from "../options.js";
import { recoverOnce } from "../steps/recovery.js";
import type { Run } from "../table.js";
import { type ServerOptions, startServer } from "../target/server.js";
import { measureDeafClients } from "./deaf-clients.js";
import { fillEnvironments } from "./environments.js";
import { measureEvents } from "./events.js";
import { measureIdleRunners, RUNNERS_EACH } from "./idle-runners.js";
import { LoadLab } from "./lab.js";
import { measureOpenExecutions } from "./open-executions.js";
import type { ScaleResults } from "./report.js";
import { collectSeries, type Figures, type ScalePart } from "./series.js";

/** The largest sizes of performance.md; each part is measured at a quarter, half and all of it. */
const LARGEST = { runners: 10_000, events: 2_000, executions: 1_000, deaf: 20, recovered: 1_000 };
const SHARES = [1 / 4, 1 / 2, 1];
const RECOVERIES = 5;

/** Measures load and growth (performance.md, "What else must hold") on an agent that runs nothing. */
export async function runScale(options: BenchOptions, run: Run): Promise<ScaleResults> {
  const { scaleFactor, only } = options;
  const labOptions = { profile: options.profile, signal: run.signal };
  const parts: ScalePart[] = [];
  const wanted = (id: string): boolean => only.length === 0 || only.includes(id);
  const sizes = (largest: number): number[] =>
    SHARES.map((share) => Math.max(2, Math.round(largest * share * scaleFactor)));
  const part = async (
    title: string,
    largest: number,
    measure: (size: number) => Promise<Figures>,
  ): Promise<void> => {
    const measured: { readonly size: number; readonly figures: Figures }[] = [];
    for (const size of sizes(largest)) {
      run.signal.throwIfAborted();
      run.say(`${title}: ${size}`);
      measured.push({ size, figures: await measure(size) });
    }
    parts.push(collectSeries(title, measured));
  };

  if (wanted("runners")) {
    await part("idle runners, 50 in each environment", LARGEST.runners, (size) =>
      inLab(labOptions, (lab) => measureIdleRunners(lab, size, run.signal)),
    );
  }
  if (wanted("events")) {
    const environments = Math.max(2, Math.round((LARGEST.runners * scaleFactor) / RUNNERS_EACH));
    await inLab(labOptions, async (lab) => {
      await fillEnvironments(lab.server.client, { environments, runnersEach: RUNNERS_EACH });
      const settings = { environments, runnersEach: RUNNERS_EACH, signal: run.signal };
      await part(`events a second, ${environments * RUNNERS_EACH} runners`, LARGEST.events, (rate) =>
        measureEvents(lab, { rate, ...settings }),
      );
    });
  }
  if (wanted("executions")) {
    await part("open executions, a line a second each", LARGEST.executions, (size) =>
      inLab(labOptions, (lab) => measureOpenExecutions(lab, size)),
    );
  }
  if (wanted("deaf")) {
    await part("clients that never read endless output", LARGEST.deaf, (size) =>
      inLab(labOptions, (lab) => measureDeafClients(lab, size)),
    );
  }
  if (wanted("recovery")) {
    await part("recovery, 20 runners in each environment", LARGEST.recovered, (size) =>
      inLab(labOptions, (lab) => measureRecoveries(lab, size, run.signal)),
    );
  }
  return { conditions: { node: process.version, cores: cpus().length, factor: scaleFactor }, parts };
}

async function inLab<T>(
  options: Pick<ServerOptions, "profile" | "signal">,
  work: (lab: LoadLab) => Promise<T>,
): Promise<T> {
  const lab = await LoadLab.start(options);
  try {
    return await work(lab);
  } finally {
    await lab.stop();
  }
}

async function measureRecoveries(lab: LoadLab, runners: number, signal: AbortSignal): Promise<Figures> {
  const environments = Math.max(1, Math.round(runners / 20));
  await fillEnvironments(lab.server.client, { environments, runnersEach: 20 });
  await lab.server.stop();
  const bounds = { repetitions: RECOVERIES, limitMs: 120_000, signal };
  const { values } = await repeat(() => recoverOnce(lab.agent, signal), bounds);
  const server = await startServer(lab.agent, { signal });
  const cpu = processUse(server.pid)?.cpuMs ?? Number.NaN;
  await server.stop();
  return {
    "start to the first claim": { unit: "ms", value: percentile(values, 0.5), goal: 2_000 },
    "server's CPU, start to ready": { unit: "ms", value: cpu },
  };
}
