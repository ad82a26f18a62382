import { readdirSync, readFileSync } from "node:fs";

/** A process of this machine, told from a later one with its number. */
export interface ProcessSeen {
  readonly pid: number;
  readonly parent: number;
  /** The kernel's ticks. */
  readonly started: string;
  readonly command: string;
}

/** All processes of this machine but those that have ended. */
export function processes(): readonly ProcessSeen[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "latin1");
        const [state, parent, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        if (state === "Z" || state === "X") return [];
        const command = readFileSync(`/proc/${name}/cmdline`, "latin1").replaceAll("\0", " ").trim();
        return [{ pid: Number(name), parent: Number(parent), started: rest[17] ?? "", command }];
      } catch {
        return [];
      }
    });
}

/** The process and all below it. */
export function descendants(pid: number): readonly ProcessSeen[] {
  const all = processes();
  const below = (one: number): ProcessSeen[] =>
    all.filter(({ parent }) => parent === one).flatMap((child) => [child, ...below(child.pid)]);
  return [...all.filter((one) => one.pid === pid), ...below(pid)];
}

/** Those of the processes that still live. */
export function living(seen: readonly ProcessSeen[]): readonly ProcessSeen[] {
  const now = new Set(processes().map(({ pid, started }) => `${pid} ${started}`));
  return seen.filter(({ pid, started }) => now.has(`${pid} ${started}`));
}
