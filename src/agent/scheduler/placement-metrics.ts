import type { PlacementFailure } from "../../nomad/wire.js";
import { asNumber, asObject, asObjects, asText, type JsonObject } from "../job/pick.js";
import type { AgentNode } from "./node.js";

/** Why a group cannot be placed. */
export type Refusal =
  | { readonly kind: "exhausted"; readonly dimension: string }
  | { readonly kind: "filtered"; readonly constraint: string }
  | { readonly kind: "no-nodes" };

/** Nomad's account of a failed placement, for `FailedTGAllocs` (recordings). */
export function placementFailure(refusal: Refusal, group: JsonObject, node: AgentNode): PlacementFailure {
  const none = refusal.kind === "no-nodes";
  const exhausted = refusal.kind === "exhausted";
  return {
    AllocationTime: 50_000,
    ClassExhausted: null,
    ClassFiltered: null,
    CoalescedFailures: 0,
    ConstraintFiltered: refusal.kind === "filtered" ? { [refusal.constraint]: 1 } : null,
    DimensionExhausted: exhausted ? { [refusal.dimension]: 1 } : null,
    NodePool: "default",
    NodesAvailable: none ? {} : { [node.datacenter]: 1 },
    NodesEvaluated: none ? 0 : 1,
    NodesExhausted: exhausted ? 1 : 0,
    NodesFiltered: refusal.kind === "filtered" ? 1 : 0,
    NodesInPool: none ? 0 : 1,
    QuotaExhausted: null,
    ResourcesExhausted: exhausted ? resourcesExhausted(refusal.dimension, group) : null,
    ScoreMetaData: null,
    Scores: null,
  };
}

function resourcesExhausted(dimension: string, group: JsonObject): JsonObject {
  return Object.fromEntries(
    asObjects(group.Tasks).map((task) => {
      const resources = asObject(task.Resources);
      return [
        asText(task.Name),
        {
          CPU: dimension === "cpu" ? asNumber(resources.CPU, 0) : 0,
          Cores: 0,
          Devices: null,
          DiskMB: 0,
          IOPS: 0,
          MemoryMB: dimension === "memory" ? asNumber(resources.MemoryMB, 0) : 0,
          MemoryMaxMB: 0,
          NUMA: null,
          Networks: null,
          SecretsMB: 0,
        },
      ];
    }),
  );
}
