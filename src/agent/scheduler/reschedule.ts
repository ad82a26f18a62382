import type { JsonObject } from "../job/pick.js";
import { asNumber, asObject, asObjects } from "../job/pick.js";
import type { ReschedulePolicy } from "../job/policies.js";
import type { AllocationRecord } from "../state/records.js";

/** One replacement of an allocation, as Nomad keeps it in the replacement's `RescheduleTracker`. Nanoseconds. */
export interface RescheduleEvent {
  readonly Delay: number;
  readonly PrevAllocID: string;
  readonly PrevNodeID: string;
  readonly RescheduleTime: number;
}

/** Whether a failed allocation is replaced: never, or after a delay in nanoseconds. */
export type RescheduleDecision =
  | { readonly kind: "never" }
  | { readonly kind: "after"; readonly delay: number };

/** The replacements that led to this allocation, oldest first. */
export function rescheduleEvents(allocation: AllocationRecord): readonly RescheduleEvent[] {
  return asObjects(
    asObject(allocation.RescheduleTracker).Events,
  ) as readonly JsonObject[] as unknown as readonly RescheduleEvent[];
}

/**
 * What the reschedule policy says to a failed allocation.
 * @param now nanoseconds since 1970
 */
export function decideReschedule(
  allocation: AllocationRecord,
  policy: ReschedulePolicy | null,
  now: number,
): RescheduleDecision {
  if (policy === null) return { kind: "never" };
  const events = rescheduleEvents(allocation);
  const recent = events.filter((event) => now - event.RescheduleTime < policy.Interval);
  if (!policy.Unlimited && recent.length >= policy.Attempts) return { kind: "never" };
  return { kind: "after", delay: nextDelay(policy, events) };
}

/** The delay before the next replacement, grown by the policy's function from the delays before. */
export function nextDelay(policy: ReschedulePolicy, events: readonly RescheduleEvent[]): number {
  const last = events.at(-1)?.Delay;
  if (last === undefined || policy.DelayFunction === "constant") return policy.Delay;
  const before = asNumber(events.at(-2)?.Delay, last === policy.Delay ? 0 : policy.Delay);
  const grown = policy.DelayFunction === "exponential" ? last * 2 : last + before || policy.Delay;
  return policy.MaxDelay > 0 ? Math.min(grown, policy.MaxDelay) : grown;
}
