/** How long things may stay as they are before something is done about them, in ms; tests pass shorter ones. */
export interface Timings {
  /** Too many idle runners, before they are trimmed (lifecycle.md, "The pool's invariant"). */
  readonly trimGrace: number;
  /** A runner job without a template job: somebody may be about to register that (lifecycle.md, "Environments"). */
  readonly orphanGrace: number;
  /** A template job without a running allocation, before somebody is told (lifecycle.md, "Template job gone"). */
  readonly templateGrace: number;
  /** An event stream without a byte; Nomad sends a heartbeat every 30 s (nomad.md, "Event stream"). */
  readonly eventSilence: number;
  /** Marks of a server that died or stops, behind its successor's recovery: calls end within 5 s, a stop within 15 s. */
  readonly lateMarks: number;
  /** Long work, before the log tells how far it is, and until it tells again. */
  readonly progress: number;
}

/** The times of the specification. */
export const TIMINGS: Timings = {
  trimGrace: 60_000,
  orphanGrace: 30_000,
  templateGrace: 60_000,
  eventSilence: 75_000,
  lateMarks: 30_000,
  progress: 10_000,
};
