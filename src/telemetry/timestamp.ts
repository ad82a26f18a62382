let offset = performance.timeOrigin;

/** The time in milliseconds since 1970 with microseconds: the steady clock, kept within a millisecond of the wall clock. */
export function preciseNow(): number {
  const wall = Date.now();
  const precise = offset + performance.now();
  if (precise >= wall - 1 && precise < wall + 2) return precise;
  offset += wall - precise;
  return wall;
}

/** `2026-11-23T13:21:16.548986Z`, always UTC. @param time milliseconds since 1970. */
export function timestamp(time: number): string {
  const microseconds = Math.floor(time * 1000);
  const milliseconds = Math.floor(microseconds / 1000);
  const rest = String(microseconds - milliseconds * 1000).padStart(3, "0");
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${rest}Z`;
}
