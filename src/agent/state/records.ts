import type { Allocation, Evaluation, Job, TaskState } from "../../nomad/wire.js";

/** A job as the agent holds it: canonical, with everything filled in that Nomad fills in. */
export interface JobRecord extends Job {
  readonly Name: string;
  readonly Namespace: string;
  readonly Type: string;
  readonly Status: "pending" | "running" | "dead";
  readonly Stop: boolean;
  readonly Version: number;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
  readonly JobModifyIndex: number;
  readonly SubmitTime: number;
}

/** An allocation as the agent holds it. `Job` is the job as it was when the allocation was planned; events leave it out. */
export interface AllocationRecord extends Allocation {
  readonly Name: string;
  readonly Namespace: string;
  readonly EvalID: string;
  readonly ClientStatus: "pending" | "running" | "complete" | "failed" | "lost";
  readonly DesiredStatus: "run" | "stop";
  readonly AllocModifyIndex: number;
  readonly ModifyTime: number;
  readonly TaskStates: Readonly<Record<string, TaskState>> | null;
  readonly Job: JobRecord;
}

/** An evaluation as the agent holds it. */
export interface EvaluationRecord extends Evaluation {
  readonly Namespace: string;
  readonly Type: string;
  readonly TriggeredBy: string;
  readonly Status: "blocked" | "pending" | "complete" | "failed" | "canceled";
  readonly CreateIndex: number;
  readonly ModifyTime: number;
}

/** Where a job is found: its namespace and id. NUL is in neither (Nomad refuses it). */
export function jobKey(namespace: string, id: string): string {
  return `${namespace}\0${id}`;
}

/** Whether the client is done with it: nothing of it runs any more. */
export function isClientTerminal(allocation: AllocationRecord): boolean {
  return (
    allocation.ClientStatus === "complete" ||
    allocation.ClientStatus === "failed" ||
    allocation.ClientStatus === "lost"
  );
}

/** Whether it is done with, or told to end. */
export function isTerminal(allocation: AllocationRecord): boolean {
  return allocation.DesiredStatus === "stop" || isClientTerminal(allocation);
}

/** Whether an evaluation will not change any more. */
export function isEvaluationTerminal(evaluation: EvaluationRecord): boolean {
  return evaluation.Status !== "pending" && evaluation.Status !== "blocked";
}

/** Nanoseconds since 1970, as Nomad stamps things. Precise to about 200 ns: JSON numbers are doubles. */
export function nanoseconds(): number {
  return Date.now() * 1_000_000;
}
