import type { Evaluation, PlacementFailure } from "./wire.js";

/** Tells in one line which groups an evaluation could not place, why, and whether Nomad goes on trying. */
export function placementMessage(evaluation: Pick<Evaluation, "FailedTGAllocs" | "BlockedEval">): string {
  const groups = Object.entries(evaluation.FailedTGAllocs ?? {}).map(
    ([name, failure]) => `task group "${name}" could not be placed: ${reasonsOf(failure).join(", ")}`,
  );
  const then = evaluation.BlockedEval
    ? `evaluation ${evaluation.BlockedEval} waits for capacity`
    : "no evaluation waits for capacity";
  return [...groups, then].join("; ");
}

/** Why a group was not placed, in the order of Nomad's command line: what there is, what was ruled out, what was full. */
function reasonsOf(failure: PlacementFailure): readonly string[] {
  const reasons = [
    ...eligibleNodes(failure),
    ...counted(failure.ClassFiltered, (name, count) => `class "${name}" excluded ${nodes(count)}`),
    ...counted(failure.ConstraintFiltered, (name, count) => `constraint "${name}" excluded ${nodes(count)}`),
    ...counted(failure.ClassExhausted, (name, count) => `class "${name}" exhausted on ${nodes(count)}`),
    ...counted(
      failure.DimensionExhausted,
      (name, count) => `resource "${name}" exhausted on ${nodes(count)}`,
    ),
    ...(failure.QuotaExhausted ?? []).map((name) => `quota limit hit: ${name}`),
  ];
  return reasons.length > 0 ? reasons : ["no node suits it"];
}

function eligibleNodes(failure: PlacementFailure): readonly string[] {
  const centers = Object.entries(failure.NodesAvailable ?? {});
  const empty = centers
    .filter(([, count]) => count === 0)
    .map(([name]) => `no nodes are available in datacenter "${name}"`);
  if (empty.length > 0 || failure.NodesEvaluated !== 0) return empty;
  return ["no nodes were eligible for evaluation"];
}

function counted(
  counts: Readonly<Record<string, number>> | null | undefined,
  words: (name: string, count: number) => string,
): readonly string[] {
  return Object.entries(counts ?? {}).map(([name, count]) => words(name, count));
}

function nodes(count: number): string {
  return count === 1 ? "1 node" : `${count} nodes`;
}
