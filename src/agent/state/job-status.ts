import { type AllocationRecord, type EvaluationRecord, isEvaluationTerminal, isTerminal } from "./records.js";

/**
 * A job's status from what it has: running while an allocation lives, pending while an evaluation is under way or blocked, dead when
 * it had some and none is left. An allocation that is told to stop counts as ended (recorded from Nomad 1.10.5).
 */
export function jobStatus(
  allocations: readonly AllocationRecord[],
  evaluations: readonly EvaluationRecord[],
): "pending" | "running" | "dead" {
  if (allocations.some((allocation) => !isTerminal(allocation))) return "running";
  if (evaluations.some((evaluation) => !isEvaluationTerminal(evaluation))) return "pending";
  return allocations.length > 0 || evaluations.length > 0 ? "dead" : "pending";
}
