/**
 * The moments at which a sudden death of the process would hurt most: between two steps that belong together. A test kills the server at each of
 * them (lifecycle.md: a restart loses nothing).
 */
export const CRASH_POINTS = [
  // Claiming: the mark, the answer, and the mark set right behind it.
  "claim.before-mark",
  "claim.marked",
  "claim.answered",
  "claim.settled",
  // Marking ahead.
  "reserve.before-mark",
  "reserve.marked",
  // One runner job's registration, whoever wants it: filling and single replacements.
  "register.before",
  "register.answered",
  "register.done",
  // PUT.
  "replace.begun",
  "replace.given-up",
  "replace.controller-stopped",
  "replace.runners-deleted",
  "replace.template-deleted",
  "replace.template-registered",
  "replace.filled",
  // DELETE of an environment, and one that Nomad does not have any more at a fetch.
  "delete.begun",
  "delete.given-up",
  "delete.controller-stopped",
  "delete.runners-deleted",
  "delete.template-deleted",
  // Returning, expiry, trimming: gone for clients, then gone at Nomad.
  "return.given-up",
  "return.deleted",
  "discard.given-up",
  "deletion.before",
  "deletion.done",
  // Executions.
  "execution.opened",
  "execution.over",
  // The start.
  "recovery.connected",
  "recovery.pool-opened",
  "recovery.taken-over",
  "recovery.replacing",
  "recovery.adopted",
  "recovery.done",
  // The stop.
  "stop.begun",
  "stop.marks-settled",
  "stop.before-release",
  "stop.released",
  "stop.working-stopped",
  "stop.api-closed",
  "stop.done",
] as const;

/** One of those moments. */
export type CrashPoint = (typeof CRASH_POINTS)[number];

/** Called at each of them; what a test makes of it is its affair. */
export type ReachedPoint = (point: CrashPoint) => void;

/** What production does there: nothing. */
export const goOn: ReachedPoint = () => undefined;
