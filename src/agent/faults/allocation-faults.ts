import { randomUUID } from "node:crypto";
import { HttpError } from "../http/http-error.js";
import { newEvaluation } from "../scheduler/new-evaluation.js";
import { type AllocationRecord, isTerminal } from "../state/records.js";
import type { InducedExit } from "../tasks/task-runner.js";
import type { FaultParts } from "./fault-injector.js";

/** How an allocation is brought to its end. */
export type AllocationEnd = "failed" | "oom" | "restart" | "lost" | "complete";

const EXITS: Readonly<Record<Exclude<AllocationEnd, "lost">, InducedExit>> = {
  failed: { exitCode: 1, signal: 0, oomKilled: false, restart: false },
  oom: { exitCode: 137, signal: 0, oomKilled: true, restart: true },
  restart: { exitCode: 137, signal: 9, oomKilled: false, restart: true },
  complete: { exitCode: 0, signal: 0, oomKilled: false, restart: true },
};

/**
 * Ends the tasks of an allocation as if they had ended by themselves, or loses its node for it.
 * @throws HttpError 404 when it does not run
 */
export function killAllocation(parts: FaultParts, id: string, how: AllocationEnd): void {
  const allocation = livingAllocation(parts, id);
  if (how === "lost") {
    loseAllocation(parts, allocation);
    return;
  }
  const tasks = [...(parts.client.runner(id)?.tasks.values() ?? [])];
  const ended = tasks.map((task) => task.induce(EXITS[how]));
  if (!ended.includes(true)) throw new HttpError(404, "the allocation does not run");
  parts.sessions.endAllocation(id);
}

/**
 * Has an allocation replaced by one with another id and other ports, as a drain does.
 * @throws HttpError 404 when it does not run
 */
export function rescheduleAllocation(parts: FaultParts, id: string): void {
  const allocation = livingAllocation(parts, id);
  const evaluation = evaluationFor(allocation, "node-drain");
  parts.store.commit("AllocationUpdateDesiredStatus", (transaction) => {
    transaction.putAllocations([{ ...allocation, DesiredTransition: { Migrate: true } }]);
    transaction.putEvaluations([evaluation]);
  });
  parts.scheduler.enqueue(evaluation.ID);
}

/** What Nomad does when a node is down: lost at once, replaced at once; the tasks there are not heard of again. */
function loseAllocation(parts: FaultParts, allocation: AllocationRecord): void {
  const evaluation = evaluationFor(allocation, "node-update");
  parts.store.commit("PlanResult", (transaction) => {
    transaction.putAllocations([
      { ...allocation, ClientStatus: "lost", ClientDescription: "alloc is lost since its node is down" },
    ]);
    transaction.putEvaluations([evaluation]);
  });
  parts.sessions.cut(allocation.ID);
  parts.placer.release(allocation.ID);
  parts.client.stop(allocation.ID);
  parts.scheduler.enqueue(evaluation.ID);
}

/** What has ended is of no concern to a node that goes down or is drained: a dead job stays dead. */
function livingAllocation(parts: FaultParts, id: string): AllocationRecord {
  const allocation = parts.store.allocations.get(id);
  if (allocation === undefined) throw new HttpError(404, "alloc not found");
  if (isTerminal(allocation)) throw new HttpError(404, "the allocation does not run");
  return allocation;
}

function evaluationFor(allocation: AllocationRecord, trigger: string): ReturnType<typeof newEvaluation> {
  const { JobID, Namespace } = allocation;
  const base = { JobID, Namespace, Type: allocation.Job.Type, TriggeredBy: trigger };
  return newEvaluation(base, { ID: randomUUID() });
}
