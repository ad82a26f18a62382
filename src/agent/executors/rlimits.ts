/**
 * A command that bounds what follows it where there are no control groups: the processes of its user (in its user namespace), and the
 * memory of each process, not their sum. `--data` and not `--as`, which programs that reserve much and use little do not survive.
 */
export function rlimitCommand(limits: {
  /** Undefined: no bound. */
  readonly pids: number | undefined;
  readonly memoryBytes: number;
}): readonly string[] {
  const { pids, memoryBytes } = limits;
  return [
    "/usr/bin/prlimit",
    ...(pids === undefined ? [] : [`--nproc=${pids}:${pids}`]),
    `--data=${memoryBytes}:${memoryBytes}`,
  ];
}
