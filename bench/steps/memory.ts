import { measurementOf, type Row } from "../report/row.js";

const base = { unit: "MiB", better: "less" } as const;

/** `memory`: resident memory of the server's process before and after all steps; no rows where it is not on this machine. */
export function memoryRow(idle: number | undefined, after: number | undefined): Row[] {
  if (idle === undefined || after === undefined) return [];
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
  ];
}
