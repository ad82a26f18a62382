import { z } from "zod";

const count = z.number().int().positive().default(1);
const milliseconds = z.number().int().min(0).max(600_000);
const selector = {
  topic: z.enum(["Job", "Allocation", "Evaluation"]).optional(),
  /** The event's type, such as `AllocationUpdated`. */
  type: z.string().optional(),
  /** The job id begins like this. */
  job: z.string().optional(),
};

/** A request to the fault route: which fault, and its particulars. Documented in docs/agent.md. */
export const faultSchema = z.discriminatedUnion("fault", [
  z.strictObject({ fault: z.literal("drop-events"), ...selector, count }),
  z.strictObject({ fault: z.literal("delay-events"), ...selector, count, delay: milliseconds }),
  z.strictObject({ fault: z.literal("duplicate-events"), ...selector, count }),
  /** The next batch is held back until the one after it went out, `count` times. */
  z.strictObject({ fault: z.literal("reorder-events"), ...selector, count }),
  z.strictObject({
    fault: z.literal("close-streams"),
    /** `end` properly, `cut` the connection, or cut it in the middle of a line or of a character. */
    how: z.enum(["end", "cut", "mid-line", "mid-character"]).default("cut"),
  }),
  z.strictObject({ fault: z.literal("stop-heartbeats") }),
  z.strictObject({ fault: z.literal("skip-indexes"), count }),
  /** Fills the event buffer with changes that concern nobody, so that old events fall out. */
  z.strictObject({
    fault: z.literal("overrun-buffer"),
    count: z.number().int().min(1).max(10_000).default(200),
  }),
  /** Tells of running allocations again and again, `rate` events a second; answers once that is over. */
  z.strictObject({
    fault: z.literal("repeat-updates"),
    rate: z.number().int().min(1).max(100_000),
    duration: milliseconds,
  }),
  z.strictObject({
    fault: z.literal("answer"),
    method: z.string().optional(),
    /** A regular expression for the path. */
    path: z.string(),
    /** `hang` never answers; `cut` breaks the connection. */
    with: z.union([z.number().int().min(400).max(599), z.enum(["hang", "cut"])]),
    body: z.string().default("injected fault"),
    /** Do what was asked for and lose only the answer. */
    afterwards: z.boolean().default(false),
    count,
  }),
  z.strictObject({
    fault: z.literal("delay-answer"),
    method: z.string().optional(),
    path: z.string(),
    delay: milliseconds,
    count,
  }),
  /** Registers answer only after (or surely before) their evaluation's last event. */
  z.strictObject({ fault: z.literal("register-order"), answer: z.enum(["before-events", "after-events"]) }),
  z.strictObject({ fault: z.literal("hold-placements") }),
  z.strictObject({ fault: z.literal("release-placements") }),
  z.strictObject({
    fault: z.literal("refuse-placements"),
    job: z.string().default(""),
    dimension: z.enum(["cpu", "memory"]).default("memory"),
    count: z.number().int().positive().optional(),
  }),
  z.strictObject({
    fault: z.literal("kill-allocation"),
    allocation: z.string(),
    /** `failed` is not restarted, `oom` and `restart` are as the restart policy says, `lost` is replaced at once. */
    how: z.enum(["failed", "oom", "restart", "lost", "complete"]),
  }),
  /** Replaces an allocation as a drain does: a new id, new ports. */
  z.strictObject({ fault: z.literal("reschedule-allocation"), allocation: z.string() }),
  z.strictObject({ fault: z.literal("cut-exec"), allocation: z.string().optional() }),
  z.strictObject({ fault: z.literal("slow-exec"), delay: milliseconds }),
  z.strictObject({ fault: z.literal("forget-exited") }),
  /** Sessions of a task that is stopped say `exited` with 137 before they end. */
  z.strictObject({ fault: z.literal("exit-on-stop") }),
  z.strictObject({
    fault: z.literal("restart-agent"),
    keepState: z.boolean(),
    /** How long nothing listens, milliseconds. */
    downFor: milliseconds.default(100),
  }),
]);

/** A fault as asked for, with its defaults filled in. */
export type Fault = z.output<typeof faultSchema>;
