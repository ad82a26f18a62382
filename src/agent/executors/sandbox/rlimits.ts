/**
 * A command that bounds what follows it where there are no control groups: processes of its user namespace, and memory of each process
 * (not their sum). `--data` and not `--as`, which programs that reserve much and use little do not survive.
 */
export function rlimitCommand(limits: {
  readonly pids: number;
  readonly memoryBytes: number;
}): readonly string[] {
  const { pids, memoryBytes } = limits;
  return ["/usr/bin/prlimit", `--nproc=${pids}:${pids}`, `--data=${memoryBytes}:${memoryBytes}`];
}
