import { randomUUID } from "node:crypto";
import type { TaskState } from "../../nomad/wire.js";
import type { RunningTask } from "../executor.js";
import { asText } from "../job/pick.js";
import type { ReschedulePolicy } from "../job/policies.js";
import type { AgentSettings } from "../options.js";
import { newEvaluation } from "../scheduler/new-evaluation.js";
import { decideReschedule } from "../scheduler/reschedule.js";
import { type AllocationRecord, isClientTerminal, nanoseconds } from "../state/records.js";
import type { StateStore } from "../state/state-store.js";
import { AllocationRunner } from "./allocation-runner.js";
import { clientStatus } from "./client-status.js";
import { groupNamed } from "./task-spec.js";

/** Nomad's client: runs allocations and reports how they do. */
export class Client {
  /** Called with an evaluation that a failed allocation made. */
  onEvaluation: (evaluationId: string) => void = () => undefined;
  /** Called when something of the node became free. */
  onFreed: (allocationId: string) => void = () => undefined;
  /** Called when an allocation's tasks are told to end: its exec sessions end with them. */
  onStopping: (allocationId: string) => void = () => undefined;
  /** Fault injection: new allocations stay pending while this holds. */
  held = false;
  readonly #store: StateStore;
  readonly #settings: AgentSettings;
  readonly #runners = new Map<string, AllocationRunner>();
  readonly #waiting: AllocationRecord[] = [];

  constructor(store: StateStore, settings: AgentSettings) {
    this.#store = store;
    this.#settings = settings;
  }

  run(allocation: AllocationRecord): void {
    if (this.held) {
      this.#waiting.push(allocation);
      return;
    }
    const previous = asText(allocation.PreviousAllocation);
    const runner = new AllocationRunner(allocation, {
      executor: this.#settings.executor,
      delayScale: this.#settings.delayScale,
      after: this.#runners.get(previous)?.ended,
      onChange: (states) => this.#report(allocation.ID, states),
    });
    this.#runners.set(allocation.ID, runner);
    void runner.ended.then(() => {
      this.#runners.delete(allocation.ID);
      this.onFreed(allocation.ID);
    });
  }

  /** Starts what was held back. */
  release(): void {
    this.held = false;
    for (const allocation of this.#waiting.splice(0)) {
      const current = this.#store.allocations.get(allocation.ID);
      if (current?.DesiredStatus === "run") this.run(current);
    }
  }

  stop(allocationId: string): void {
    const runner = this.#runners.get(allocationId);
    if (runner === undefined) this.onFreed(allocationId);
    else {
      this.onStopping(allocationId);
      void runner.stop();
    }
  }

  runner(allocationId: string): AllocationRunner | undefined {
    return this.#runners.get(allocationId);
  }

  /** The container of an allocation's task, while it runs. */
  running(allocationId: string, task: string): RunningTask | undefined {
    return this.#runners.get(allocationId)?.tasks.get(task)?.running;
  }

  /** Ends everything that runs. */
  async close(): Promise<void> {
    this.#waiting.length = 0;
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()));
  }

  #report(allocationId: string, states: Readonly<Record<string, TaskState>>): void {
    const allocation = this.#store.allocations.get(allocationId);
    // A purged job's allocations are gone from the state before their tasks are; a lost one is not heard of any more.
    if (allocation === undefined || isClientTerminal(allocation)) return;
    const updated: AllocationRecord = {
      ...allocation,
      ...clientStatus(Object.values(states)),
      NetworkStatus: { Address: "", AddressIPv6: "", DNS: null, InterfaceName: "" },
      TaskStates: states,
    };
    const evaluation = updated.ClientStatus === "failed" ? this.#failureEvaluation(updated) : undefined;
    this.#store.commit("AllocationUpdated", (transaction) => {
      transaction.putAllocations([updated]);
      if (evaluation !== undefined) transaction.putEvaluations([evaluation]);
    });
    if (evaluation !== undefined) this.onEvaluation(evaluation.ID);
  }

  /** A failed allocation that may be replaced has the scheduler look. */
  #failureEvaluation(allocation: AllocationRecord): ReturnType<typeof newEvaluation> | undefined {
    if (allocation.DesiredStatus !== "run") return undefined;
    const job = this.#store.job(allocation.Namespace, allocation.JobID);
    if (job === undefined || job.Stop) return undefined;
    const policy = groupNamed(job, allocation.TaskGroup).ReschedulePolicy as
      | ReschedulePolicy
      | null
      | undefined;
    if (decideReschedule(allocation, policy ?? null, nanoseconds()).kind === "never") return undefined;
    const base = { ...job, JobID: job.ID, TriggeredBy: "alloc-failure", JobModifyIndex: 0 };
    return newEvaluation(base, { ID: randomUUID() });
  }
}
