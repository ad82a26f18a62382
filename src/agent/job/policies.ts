import { asObject, type JsonObject, withDefaults } from "./pick.js";

/** How often a task is started again on its node. Durations are nanoseconds. */
export interface RestartPolicy {
  readonly Attempts: number;
  readonly Delay: number;
  readonly Interval: number;
  readonly Mode: "fail" | "delay";
  readonly RenderTemplates: boolean;
}

/** How often a failed allocation is replaced. Durations are nanoseconds. */
export interface ReschedulePolicy {
  readonly Attempts: number;
  readonly Delay: number;
  readonly DelayFunction: "constant" | "exponential" | "fibonacci";
  readonly Interval: number;
  readonly MaxDelay: number;
  readonly Unlimited: boolean;
}

const SECOND = 1_000_000_000;
const DAY = 86_400 * SECOND;

const BATCH_RESTART: RestartPolicy = {
  Attempts: 3,
  Delay: 15 * SECOND,
  Interval: DAY,
  Mode: "fail",
  RenderTemplates: false,
};
const SERVICE_RESTART: RestartPolicy = { ...BATCH_RESTART, Attempts: 2, Interval: 1_800 * SECOND };

const BATCH_RESCHEDULE: ReschedulePolicy = {
  Attempts: 1,
  Delay: 5 * SECOND,
  DelayFunction: "constant",
  Interval: DAY,
  MaxDelay: 0,
  Unlimited: false,
};
const SERVICE_RESCHEDULE: ReschedulePolicy = {
  Attempts: 0,
  Delay: 30 * SECOND,
  DelayFunction: "exponential",
  Interval: 0,
  MaxDelay: 3_600 * SECOND,
  Unlimited: true,
};

/** A group's restart policy: Nomad's for the job's type, with what the group sets. */
export function restartPolicyOf(source: unknown, jobType: string): RestartPolicy {
  const batch = jobType === "batch" || jobType === "sysbatch";
  return restartPolicyFrom(source, batch ? BATCH_RESTART : SERVICE_RESTART);
}

/** `base` with what `source` sets. */
export function restartPolicyFrom(source: unknown, base: RestartPolicy): RestartPolicy {
  return withDefaults(asObject(source), base as unknown as JsonObject) as unknown as RestartPolicy;
}

/** A group's reschedule policy; system jobs have none. */
export function reschedulePolicyOf(source: unknown, jobType: string): ReschedulePolicy | null {
  if (jobType === "system" || jobType === "sysbatch") return null;
  const base = jobType === "batch" ? BATCH_RESCHEDULE : SERVICE_RESCHEDULE;
  return withDefaults(asObject(source), base as unknown as JsonObject) as unknown as ReschedulePolicy;
}
