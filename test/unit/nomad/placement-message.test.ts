import { describe, expect, it } from "vitest";
import { placementMessage } from "../../../src/nomad/placement-message.js";
import type { PlacementFailure } from "../../../src/nomad/wire.js";

const message = (failure: PlacementFailure, BlockedEval?: string) =>
  placementMessage({
    FailedTGAllocs: { "default-group": failure },
    ...(BlockedEval !== undefined && { BlockedEval }),
  });

describe("placementMessage", () => {
  it("names group, resource and the evaluation that waits, as recorded", () => {
    const failure = {
      DimensionExhausted: { cpu: 1 },
      NodesAvailable: { dc1: 1 },
      NodesEvaluated: 1,
      NodesExhausted: 1,
      NodesFiltered: 0,
      ConstraintFiltered: null,
      QuotaExhausted: null,
    };
    expect(message(failure, "0afad3e1")).toBe(
      'task group "default-group" could not be placed: resource "cpu" exhausted on 1 node; evaluation 0afad3e1 waits for capacity',
    );
  });

  it("names constraints, classes, quotas and missing nodes", () => {
    const text = message({
      NodesEvaluated: 5,
      ConstraintFiltered: { "attr.kernel.name = windows": 2 },
      ClassFiltered: { big: 1 },
      ClassExhausted: { small: 3 },
      DimensionExhausted: { memory: 3 },
      QuotaExhausted: ["team: memory"],
    });
    expect(text).toBe(
      'task group "default-group" could not be placed: class "big" excluded 1 node, ' +
        'constraint "attr.kernel.name = windows" excluded 2 nodes, class "small" exhausted on 3 nodes, ' +
        'resource "memory" exhausted on 3 nodes, quota limit hit: team: memory; no evaluation waits for capacity',
    );
    expect(message({ NodesEvaluated: 0, NodesAvailable: { dc1: 0, dc2: 1 } })).toContain(
      'no nodes are available in datacenter "dc1"',
    );
    expect(message({ NodesEvaluated: 0 })).toContain("no nodes were eligible for evaluation");
    expect(message({})).toContain("no node suits it");
  });

  it("tells of each group", () => {
    const text = placementMessage({ FailedTGAllocs: { a: {}, b: {} } });
    expect(text).toContain('task group "a"');
    expect(text).toContain('task group "b"');
  });
});
