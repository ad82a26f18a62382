import { setTimeout as sleep } from "node:timers/promises";
import { processUse } from "../measure/processes.js";
import { measurementOf, type Row } from "../report/row.js";

const base = { unit: "MiB", better: "less" } as const;

/** After so much rest a server has given back what it gives back, ms. */
const REST_MS = 20_000;

/**
 * `memory`: resident memory of the server's process: `idle` was read before all steps, the others are read right after them and after a rest. No rows where the
 * process is not on this machine.
 */
export async function memoryRows(
  pid: number | undefined,
  idle: number | undefined,
  signal: AbortSignal,
): Promise<Row[]> {
  const after = processUse(pid)?.memoryMiB;
  if (idle === undefined || after === undefined) return [];
  await sleep(REST_MS, undefined, { signal });
  const rested = processUse(pid)?.memoryMiB ?? Number.NaN;
  const parts = { image: undefined, paths: {}, baseline: undefined };
  const row = (id: string, title: string, value: number, goal: number): Row => ({
    ...base,
    id,
    title,
    goal: { value: goal },
    measurements: [measurementOf(base, { values: [value], failures: [], failed: 0 }, parts)],
  });
  return [
    row("memory-idle", "memory, resident, idle", idle, 90),
    row("memory-after", "memory, resident, after all steps", after, 130),
    row("memory-rested", "memory, resident, 20 s later", rested, 130),
  ];
}
