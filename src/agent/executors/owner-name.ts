import { readFileSync } from "node:fs";

const PREFIX = "poseidon";
let count = 0;

/** A name for what belongs to this process, from which a later one can tell whether its owner still lives. */
export function ownerName(): string {
  count += 1;
  return [PREFIX, process.pid, startTime(process.pid), count].join("-");
}

/** Whether `name` was made by `ownerName` in a process that is gone. */
export function ownerIsGone(name: string): boolean {
  const [, pid, started] = new RegExp(`^${PREFIX}-(\\d+)-(\\d+)-\\d+$`).exec(name) ?? [];
  if (pid === undefined) return false;
  return startTime(Number(pid)) !== started;
}

/** When a process was started, in the kernel's ticks; undefined when there is none (a zombie counts as none). */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
