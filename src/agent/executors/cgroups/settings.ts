/** What a task may use. */
export interface CgroupLimits {
  readonly memoryBytes: number;
  /** Processes and threads. */
  readonly pids: number;
  /** MHz; a share of the processor under contention and no bound, as with Nomad's Docker driver. */
  readonly cpu: number;
}

/** One file to write in a task's control group. */
export interface CgroupSetting {
  readonly controller: "memory" | "pids" | "cpu";
  readonly file: string;
  readonly value: string;
  /** Not every kernel has it. */
  readonly optional?: boolean;
}

/** The version of the control groups' interface. */
export type CgroupVersion = 1 | 2;

const LEAST_SHARES = 2;
const MOST_SHARES = 262_144;

/** The files that set `limits`, in the order of writing. */
export function cgroupSettings(version: CgroupVersion, limits: CgroupLimits): readonly CgroupSetting[] {
  const memory = String(limits.memoryBytes);
  const shares = Math.min(MOST_SHARES, Math.max(LEAST_SHARES, Math.round(limits.cpu)));
  if (version === 1) {
    return [
      { controller: "memory", file: "memory.limit_in_bytes", value: memory },
      { controller: "memory", file: "memory.memsw.limit_in_bytes", value: memory, optional: true },
      { controller: "pids", file: "pids.max", value: String(limits.pids) },
      { controller: "cpu", file: "cpu.shares", value: String(shares) },
    ];
  }
  // runc's conversion: the two ranges laid over each other
  const weight = 1 + Math.floor(((shares - LEAST_SHARES) * 9999) / (MOST_SHARES - LEAST_SHARES));
  return [
    { controller: "memory", file: "memory.max", value: memory },
    { controller: "memory", file: "memory.swap.max", value: "0", optional: true },
    { controller: "pids", file: "pids.max", value: String(limits.pids) },
    { controller: "cpu", file: "cpu.weight", value: String(weight) },
  ];
}
