/**
 * The states of a runner (lifecycle.md):
 * `registering` its job is on the way to Nomad; `starting` registered, not running yet (or again); `idle` running and unclaimed; `claiming`
 * taken for a client, whose mark Nomad has not confirmed yet; `used` handed to a client; `foreign` reserved or claimed by another
 * instance, left alone; `gone` given up, for good.
 */
export type RunnerState = "registering" | "starting" | "idle" | "claiming" | "used" | "foreign" | "gone";

const TRANSITIONS: Readonly<Record<RunnerState, readonly RunnerState[]>> = Object.freeze({
  registering: ["starting", "idle", "foreign", "gone"],
  starting: ["idle", "foreign", "gone"],
  idle: ["starting", "claiming", "foreign", "gone"],
  claiming: ["used", "idle", "starting", "foreign", "gone"],
  used: ["idle", "starting", "foreign", "gone"],
  foreign: ["idle", "starting", "used", "gone"],
  gone: [],
});

/** Whether a runner may go from one state to another. `used` back to `idle`, or to `foreign`, only for
 * what its owner had reserved, and un-marked or handed out. */
export function mayBecome(from: RunnerState, to: RunnerState): boolean {
  return TRANSITIONS[from].includes(to);
}
