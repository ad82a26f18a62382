import { randomUUID } from "node:crypto";
import type { PlacementFailure } from "../../nomad/wire.js";
import { asNumber, asObjects, asText } from "../job/pick.js";
import type { AgentSettings } from "../options.js";
import {
  type AllocationRecord,
  type EvaluationRecord,
  type JobRecord,
  nanoseconds,
} from "../state/records.js";
import type { StateStore } from "../state/state-store.js";
import { newEvaluation } from "./new-evaluation.js";
import type { Placer } from "./placer.js";
import { reconcile, type Step } from "./reconcile.js";

/** What the scheduler needs of the client side: what starts and ends allocations. */
export interface AllocationRunner {
  run(allocation: AllocationRecord): void;
  stop(allocationId: string): void;
}

interface Plan {
  readonly placed: AllocationRecord[];
  readonly changed: AllocationRecord[];
  readonly failures: Record<string, PlacementFailure>;
  readonly queued: Record<string, number>;
  readonly waits: Extract<Step, { kind: "wait" }>[];
}

/**
 * Nomad's scheduler for one node: takes evaluations one after the other, plans, and tells of it in Nomad's order (recordings): a blocked
 * evaluation, the plan's result, the evaluation's end.
 */
export class Scheduler {
  /** Fault injection: evaluations wait while this holds. */
  held = false;
  readonly #store: StateStore;
  readonly #settings: AgentSettings;
  readonly #placer: Placer;
  readonly #runner: AllocationRunner;
  readonly #queue: string[] = [];
  readonly #delayed = new Map<string, NodeJS.Timeout>();
  #turn: NodeJS.Immediate | undefined;

  constructor(options: {
    readonly store: StateStore;
    readonly settings: AgentSettings;
    readonly placer: Placer;
    readonly runner: AllocationRunner;
  }) {
    this.#store = options.store;
    this.#settings = options.settings;
    this.#placer = options.placer;
    this.#runner = options.runner;
  }

  /** Takes up an evaluation, in a later turn of the event loop: a register is answered first. */
  enqueue(evaluationId: string): void {
    this.#queue.push(evaluationId);
    this.#schedule();
  }

  /** Something of the node became free: blocked evaluations are looked at again, oldest first. */
  capacityFreed(): void {
    for (const evaluation of this.#store.blocked()) {
      const job = this.#store.job(evaluation.Namespace, evaluation.JobID);
      const groups = Object.keys(evaluation.FailedTGAllocs ?? {});
      const wanted = asObjects(job?.TaskGroups).filter((group) => groups.includes(asText(group.Name)));
      if (job !== undefined && wanted.some((group) => this.#placer.check(job, group) === undefined)) {
        this.enqueue(evaluation.ID);
        return;
      }
    }
  }

  /** Goes on after `held` was lifted. */
  resume(): void {
    this.#schedule();
  }

  stop(): void {
    if (this.#turn !== undefined) clearImmediate(this.#turn);
    this.#turn = undefined;
    this.#queue.length = 0;
    for (const timer of this.#delayed.values()) clearTimeout(timer);
    this.#delayed.clear();
  }

  #schedule(): void {
    if (this.#turn !== undefined || this.held || this.#queue.length === 0) return;
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      const next = this.#queue.shift();
      const evaluation = next === undefined ? undefined : this.#store.evaluations.get(next);
      if (evaluation !== undefined) this.#process(evaluation);
      this.#schedule();
    });
  }

  #process(evaluation: EvaluationRecord): void {
    if (evaluation.Status !== "pending" && evaluation.Status !== "blocked") return;
    const snapshot = this.#store.index;
    const job = this.#store.job(evaluation.Namespace, evaluation.JobID);
    const allocations = this.#store.allocationsOf(evaluation.Namespace, evaluation.JobID);
    const steps = reconcile(job, allocations, {
      now: nanoseconds(),
      isPending: (id) => id !== evaluation.ID && this.#store.evaluations.get(id)?.Status === "pending",
    });
    const plan = this.#plan(evaluation, job, steps);
    const retried = evaluation.Status === "blocked";
    const failed = Object.keys(plan.failures).length > 0;
    if (retried && failed && plan.placed.length === 0) return;
    for (const wait of plan.waits) this.#follow(evaluation, wait, plan, snapshot);
    const blocked = failed && !retried ? this.#block(evaluation, plan, snapshot) : undefined;
    this.#commitPlan(evaluation, plan);
    if (retried && failed) return;
    this.#complete(evaluation, { plan, snapshot, blocked });
    if (retried) this.capacityFreed();
  }

  #plan(evaluation: EvaluationRecord, job: JobRecord | undefined, steps: readonly Step[]): Plan {
    const plan: Plan = { placed: [], changed: [], failures: {}, queued: {}, waits: [] };
    for (const group of asObjects(job?.TaskGroups)) {
      if (asNumber(group.Count, 0) > 0 || (job?.Version ?? 0) > 0) plan.queued[asText(group.Name)] = 0;
    }
    // What stops makes room for what starts.
    for (const step of steps) {
      if (step.kind !== "stop") continue;
      this.#placer.release(step.allocation.ID);
      plan.changed.push({ ...step.allocation, DesiredStatus: "stop", DesiredDescription: step.reason });
    }
    for (const step of steps) {
      if (step.kind === "wait") plan.waits.push(step);
      if (step.kind === "keep-running" && job !== undefined) {
        plan.changed.push({ ...step.allocation, Job: job, EvalID: evaluation.ID });
      }
      if (step.kind === "place" && job !== undefined) this.#place(evaluation, job, step, plan);
    }
    return plan;
  }

  #place(
    evaluation: EvaluationRecord,
    job: JobRecord,
    step: Extract<Step, { kind: "place" }>,
    plan: Plan,
  ): void {
    const result = this.#placer.place(job, step, evaluation.ID);
    if (result.refusal !== undefined) {
      const group = asText(step.group.Name);
      const before = plan.failures[group];
      plan.queued[group] = (plan.queued[group] ?? 0) + 1;
      plan.failures[group] =
        before === undefined
          ? this.#placer.failure(result.refusal, step.group)
          : { ...before, CoalescedFailures: asNumber(before.CoalescedFailures, 0) + 1 };
      return;
    }
    plan.placed.push(result.allocation);
    const previous = step.previous;
    if (previous === undefined) return;
    const at = plan.changed.findIndex((allocation) => allocation.ID === previous.ID);
    const base = at === -1 ? previous : (plan.changed[at] as AllocationRecord);
    const replaced: AllocationRecord = {
      ...base,
      DesiredStatus: "stop",
      NextAllocation: result.allocation.ID,
    };
    if (at === -1) plan.changed.push(replaced);
    else plan.changed[at] = replaced;
  }

  /** A replacement that must wait has an evaluation of its own for that time. */
  #follow(
    evaluation: EvaluationRecord,
    wait: Extract<Step, { kind: "wait" }>,
    plan: Plan,
    snapshot: number,
  ): void {
    const delay = (wait.delay / 1_000_000) * this.#settings.delayScale;
    const follow = newEvaluation(
      { ...evaluation, JobModifyIndex: snapshot },
      {
        ID: randomUUID(),
        PreviousEval: evaluation.ID,
        SnapshotIndex: snapshot,
        StatusDescription: "created for delayed rescheduling",
        WaitUntil: new Date(Date.now() + delay).toISOString(),
      },
    );
    this.#store.commit("EvaluationUpdated", (transaction) => {
      transaction.putEvaluations([follow]);
    });
    plan.changed.push({ ...wait.allocation, FollowupEvalID: follow.ID });
    const timer = setTimeout(() => {
      this.#delayed.delete(follow.ID);
      this.enqueue(follow.ID);
    }, delay);
    this.#delayed.set(follow.ID, timer);
  }

  /** The evaluation that waits for room; Nomad tells of it before the one that made it ends. */
  #block(evaluation: EvaluationRecord, plan: Plan, snapshot: number): EvaluationRecord {
    const blocked: EvaluationRecord = {
      ...newEvaluation(evaluation, {
        ID: randomUUID(),
        PreviousEval: evaluation.ID,
        SnapshotIndex: snapshot,
      }),
      ClassEligibility: {},
      FailedTGAllocs: plan.failures,
      Status: "blocked",
      StatusDescription: "created to place remaining allocations",
      TriggeredBy: "queued-allocs",
    };
    this.#store.commit("EvaluationUpdated", (transaction) => {
      transaction.putEvaluations([blocked]);
    });
    return blocked;
  }

  #commitPlan(evaluation: EvaluationRecord, plan: Plan): void {
    if (plan.placed.length === 0 && plan.changed.length === 0) return;
    this.#store.commit("PlanResult", (transaction) => {
      transaction.putEvaluations([evaluation]);
      const allocations = [...plan.placed, ...plan.changed];
      transaction.putAllocations(allocations.map((one) => ({ ...one, AllocModifyIndex: transaction.index })));
    });
    for (const { ID, DesiredStatus } of plan.changed) if (DesiredStatus === "stop") this.#runner.stop(ID);
    for (const { ID } of plan.placed) {
      const stored = this.#store.allocations.get(ID);
      if (stored !== undefined) this.#runner.run(stored);
    }
  }

  #complete(
    evaluation: EvaluationRecord,
    result: {
      readonly plan: Plan;
      readonly snapshot: number;
      readonly blocked: EvaluationRecord | undefined;
    },
  ): void {
    const { plan, blocked } = result;
    const { FailedTGAllocs: _, StatusDescription: __, ...rest } = evaluation;
    const done: EvaluationRecord = {
      ...rest,
      ...(blocked === undefined ? {} : { BlockedEval: blocked.ID, FailedTGAllocs: plan.failures }),
      ...(Object.keys(plan.queued).length === 0 ? {} : { QueuedAllocations: plan.queued }),
      ModifyTime: nanoseconds(),
      SnapshotIndex: result.snapshot,
      Status: "complete",
    };
    const older = this.#store
      .blocked()
      .filter((other) => other.JobID === evaluation.JobID && other.Namespace === evaluation.Namespace)
      .filter((other) => other.ID !== evaluation.ID && other.ID !== blocked?.ID)
      .map((other) => ({
        ...other,
        Status: "canceled" as const,
        StatusDescription: `evaluation "${evaluation.ID}" successful`,
        ModifyTime: nanoseconds(),
      }));
    this.#store.commit("EvaluationUpdated", (transaction) => transaction.putEvaluations([...older, done]));
  }
}
