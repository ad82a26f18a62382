type Environment = Readonly<Record<string, string | undefined>>;

/** The first descriptor that systemd passes (sd_listen_fds(3)). */
const FIRST = 3;
/** More sockets than any unit has; a wrong number is no list of millions. */
const MOST = 1_000;

/** Descriptors of the listening sockets that were passed to this process: `LISTEN_FDS` of them from 3 on, if `LISTEN_PID` means it. */
export function passedSockets(environment: Environment, pid: number): readonly number[] {
  const { LISTEN_PID = "", LISTEN_FDS = "" } = environment;
  if (LISTEN_PID !== String(pid) || !/^\d{1,4}$/.test(LISTEN_FDS)) return [];
  return Array.from({ length: Math.min(Number(LISTEN_FDS), MOST) }, (_, index) => FIRST + index);
}
