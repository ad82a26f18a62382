import { execute } from "../execution.js";
import { processUse } from "../measure/processes.js";
import type { Samples } from "../measure/repeat.js";
import type { ImageBench, Step, StepContext } from "./step.js";

/** Windows that a rate is counted in, so that it has a median too. They overlap: few ends in short ones would make it coarse. */
const WINDOWS = 30;
const WINDOW_MS = 2_000;
const STEP_MS = 333;
const DURATION_MS = WINDOW_MS + (WINDOWS - 1) * STEP_MS;
/** Executions that the server's CPU time is divided by: it is counted in steps of 10 ms. */
const CPU_EXECUTIONS = 300;

/** Which runner a client's next command runs in. */
type Sharing = "own" | "in turns" | "at once";

function rateOf(clients: number, sharing: Sharing): Step {
  return {
    id: `rate-${clients}${sharing === "at once" ? "-at-once" : ""}`,
    title: `commands/s, 4 runners, ${clients} clients${sharing === "own" ? "" : ` ${sharing}`}`,
    unit: "/s",
    better: "more",
    images: "each",
    goal: { value: 300 },
    run: (context, bench) => measureRate(context, bench, { clients, sharing }),
  };
}

/** Each client has a runner of its own. */
export const rateOfFour = rateOf(4, "own");
/** A client waits for a runner that nobody uses, as clients do. */
export const rateOfSixteen = rateOf(16, "in turns");
/** Four commands in each runner at the same time. */
export const rateAtOnce = rateOf(16, "at once");

async function measureRate(
  { client, bounds }: StepContext,
  { runners }: ImageBench,
  { clients, sharing }: { readonly clients: number; readonly sharing: Sharing },
): Promise<Samples> {
  const lanes = sharing === "at once" ? clients : Math.min(clients, runners.length);
  const waiting: (() => void)[] = [];
  const free = Array.from({ length: lanes }, (_, index) => runners[index % runners.length] ?? "");
  const ends: number[] = [];
  const failures: string[] = [];
  let failed = 0;
  const start = performance.now();
  const over = start + DURATION_MS;

  async function work(): Promise<void> {
    while (performance.now() < over && !bounds.signal.aborted) {
      const runner = free.shift();
      if (runner === undefined) {
        await new Promise<void>((resolve) => waiting.push(resolve));
        continue;
      }
      try {
        await execute(client, runner, "true");
        ends.push(performance.now() - start);
      } catch (error) {
        failed += 1;
        if (failures.length < 3) failures.push(error instanceof Error ? error.message : String(error));
      }
      free.push(runner);
      waiting.shift()?.();
    }
    waiting.shift()?.();
  }

  await Promise.all(Array.from({ length: clients }, work));
  return { values: ratesIn(ends), failures, failed };
}

/** Ends a second in each window. */
export function ratesIn(ends: readonly number[]): number[] {
  return Array.from({ length: WINDOWS }, (_, index) => {
    const from = index * STEP_MS;
    const inside = ends.filter((end) => end >= from && end < from + WINDOW_MS);
    return (inside.length * 1_000) / WINDOW_MS;
  });
}

/** `server's CPU per true`: of the server's process, over many executions one after the other. */
export const cpuPerCommand: Step = {
  id: "cpu",
  title: "server's CPU per `true`",
  unit: "ms",
  better: "less",
  images: "each",
  goal: { value: 2 },
  async run({ client, bounds, serverPid }, { runners: [runner = ""] }) {
    const before = processUse(serverPid);
    if (before === undefined) return { values: [], failures: [], failed: 0 };
    const end = performance.now() + bounds.limitMs;
    let count = 0;
    for (; count < CPU_EXECUTIONS && performance.now() < end; count += 1) {
      bounds.signal.throwIfAborted();
      await execute(client, runner, "true");
    }
    const after = processUse(serverPid);
    return { values: [((after?.cpuMs ?? Number.NaN) - before.cpuMs) / count], failures: [], failed: 0 };
  },
};
