import { readFileSync } from "node:fs";

/** Clock ticks a second in /proc/PID/stat; the same on every Linux that Node supports. */
const TICKS = 100;

const MIB = 1024 * 1024;

/** What a process uses. */
export interface ProcessUse {
  /** User and system time so far, ms; in steps of 10 ms. */
  readonly cpuMs: number;
  /** Resident, MiB. */
  readonly memoryMiB: number;
}

/** Reads what a process of this machine uses; undefined when it is not here (or not Linux). */
export function processUse(pid: number | undefined): ProcessUse | undefined {
  if (pid === undefined) return undefined;
  try {
    return parseUse(readFileSync(`/proc/${pid}/stat`, "utf8"), readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return undefined;
  }
}

/** Takes the figures out of the two files of /proc. */
export function parseUse(stat: string, status: string): ProcessUse {
  // The second field is the program's name in parentheses, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  const resident = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN);
  return { cpuMs: (ticks / TICKS) * 1_000, memoryMiB: (resident * 1024) / MIB };
}
