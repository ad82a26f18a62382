import { describe, expect, test } from "vitest";
import { Lab } from "../lab.js";
import type { Target } from "../target.js";

/** Evaluations and placements: what succeeds, what cannot be placed, and what comes later. */
export function placingSuite(target: () => Target): void {
  describe("placing", () => {
    test("events come in Nomad's order, with rising indexes", async () => {
      const lab = await Lab.open(target());
      const id = lab.id("order");
      await lab.run(id);
      const events = lab.events.ofJob(id);
      expect(lab.story(id).slice(0, 6)).toEqual([
        "Job JobRegistered pending",
        "Evaluation JobRegistered pending",
        "Evaluation PlanResult pending",
        "Allocation PlanResult pending/run",
        "Job PlanResult running",
        "Evaluation EvaluationUpdated complete",
      ]);
      const indexes = events.map((event) => event.Index);
      expect(indexes).toEqual([...indexes].sort((a, b) => a - b));
      for (const event of events) {
        const record = event.Payload.Job ?? event.Payload.Allocation ?? event.Payload.Evaluation;
        expect(record?.ModifyIndex).toBe(event.Index);
        expect(event.Key).toBe(record?.ID);
        expect(event.Namespace).toBe("default");
        expect(event.FilterKeys).toEqual(event.Topic === "Job" ? null : [id, ""]);
      }
    });

    test("a placed evaluation is complete without failures", async () => {
      const lab = await Lab.open(target());
      const registered = await lab.register(lab.id("complete"));
      await lab.evaluated(registered.body.EvalID);
      const { body, headers } = await lab.get(`/v1/evaluation/${registered.body.EvalID}`);
      expect(body).toEqual({
        CreateIndex: registered.body.Index,
        CreateTime: expect.any(Number),
        ID: registered.body.EvalID,
        JobID: lab.id("complete"),
        JobModifyIndex: registered.body.JobModifyIndex,
        ModifyIndex: Number(headers["x-nomad-index"]),
        ModifyTime: expect.any(Number),
        Namespace: "default",
        Priority: 50,
        QueuedAllocations: { "default-group": 0 },
        SnapshotIndex: expect.any(Number),
        Status: "complete",
        TriggeredBy: "job-register",
        Type: "batch",
      });
    });

    const failures: readonly [string, object, object][] = [
      ["CPU", { cpu: 10_000_000 }, { DimensionExhausted: { cpu: 1 }, NodesExhausted: 1, NodesFiltered: 0 }],
      [
        "memory",
        { memory: 90_000_000, memoryMax: 0 },
        { DimensionExhausted: { memory: 1 }, NodesExhausted: 1, NodesEvaluated: 1 },
      ],
      ["a datacenter", { datacenters: ["nowhere"] }, { NodesAvailable: {}, NodesEvaluated: 0 }],
      [
        "a constraint",
        { constraints: [{ LTarget: `\${attr.kernel.name}`, RTarget: "plan9", Operand: "=" }] },
        { ConstraintFiltered: { [`\${attr.kernel.name} = plan9`]: 1 }, NodesFiltered: 1 },
      ],
      ["a driver", { driver: "no-such-driver" }, { ConstraintFiltered: { "missing drivers": 1 } }],
    ];
    test.each(failures)(
      "for want of %s: a blocked evaluation, told of first",
      async (what, changes, expected) => {
        const lab = await Lab.open(target());
        const id = lab.id(`blocked-${what.slice(-6).trim()}`);
        const registered = await lab.register(id, changes);
        const done = await lab.evaluated(registered.body.EvalID);
        expect(done).toMatchObject({ Status: "complete", QueuedAllocations: { "default-group": 1 } });
        expect(done.FailedTGAllocs?.["default-group"]).toMatchObject(expected);
        expect(lab.story(id)).toEqual([
          "Job JobRegistered pending",
          "Evaluation JobRegistered pending",
          "Evaluation EvaluationUpdated blocked",
          "Evaluation EvaluationUpdated complete",
        ]);
        const blocked = await lab.get(`/v1/evaluation/${done.BlockedEval}`);
        expect(blocked.body).toMatchObject({
          Status: "blocked",
          StatusDescription: "created to place remaining allocations",
          TriggeredBy: "queued-allocs",
          PreviousEval: done.ID,
          FailedTGAllocs: done.FailedTGAllocs,
        });
        const purged = await lab.purge(id);
        const canceled = await lab.events.waitFor(
          "canceled",
          ({ Payload }) =>
            Payload.Evaluation?.ID === done.BlockedEval && Payload.Evaluation?.Status === "canceled",
        );
        expect(canceled.Payload.Evaluation?.StatusDescription).toBe(
          `evaluation "${purged.body.EvalID}" successful`,
        );
      },
    );

    test("a job that is changed to fit is placed, and its blocked evaluation is canceled", async () => {
      const lab = await Lab.open(target());
      const id = lab.id("shrunk");
      const first = await lab.evaluated((await lab.register(id, { cpu: 10_000_000 })).body.EvalID);
      await lab.register(id);
      await lab.running(id);
      expect((await lab.get(`/v1/evaluation/${first.BlockedEval}`)).body.Status).toBe("canceled");
    });

    test("what was blocked is placed when room comes", async () => {
      const lab = await Lab.open(target());
      const { body: nodes } = await lab.get("/v1/nodes");
      const { body: node } = await lab.get(`/v1/node/${nodes[0].ID}`);
      const cpu = Math.floor(node.NodeResources.Cpu.CpuShares * 0.6);
      const [big, later] = [lab.id("room-1"), lab.id("room-2")];
      await lab.run(big, { cpu });
      const registered = await lab.register(later, { cpu });
      const done = await lab.evaluated(registered.body.EvalID);
      expect(done.FailedTGAllocs).toHaveProperty("default-group");
      const { body: waiting } = await lab.get(`/v1/jobs?prefix=${later}`);
      expect(waiting[0]).toMatchObject({
        Status: "pending",
        JobSummary: { Summary: { "default-group": { Queued: 1, Running: 0 } } },
      });
      await lab.purge(big);
      const placed = await lab.running(later);
      expect(placed.EvalID).toBe(done.BlockedEval);
      expect((await lab.get(`/v1/evaluation/${done.BlockedEval}`)).body).toMatchObject({
        Status: "complete",
      });
      expect((await lab.get(`/v1/evaluation/${done.BlockedEval}`)).body).not.toHaveProperty("FailedTGAllocs");
    });

    test("a group with Count 0 never runs", async () => {
      const lab = await Lab.open(target());
      const id = lab.id("count");
      await lab.run(id);
      const { body } = await lab.get(`/v1/job/${id}/allocations`);
      expect(body.map((one: { TaskGroup: string }) => one.TaskGroup)).toEqual(["default-group"]);
    });

    test("dynamic ports are in the allocation, in their order", async () => {
      const lab = await Lab.open(target());
      const { ID } = await lab.run(lab.id("ports"), { ports: [80, 8080] });
      const { body } = await lab.get(`/v1/allocation/${ID}`);
      const port = (label: string) => ({
        Label: label,
        To: Number(label),
        HostIP: expect.stringMatching(/^[0-9a-f.:]+$/),
        Value: expect.any(Number),
      });
      expect(body.AllocatedResources.Shared.Ports).toEqual([port("80"), port("8080")]);
      const values = body.AllocatedResources.Shared.Ports.map((one: { Value: number }) => one.Value);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(20_000);
      expect(Math.max(...values)).toBeLessThanOrEqual(32_000);
    });

    test("a port that is the same inside has no To", async () => {
      const lab = await Lab.open(target());
      const { ID } = await lab.run(lab.id("ports"), { ports: [0] });
      const { body } = await lab.get(`/v1/allocation/${ID}`);
      const { Ports } = body.AllocatedResources.Shared;
      expect(Ports).toEqual([{ Label: "0", HostIP: expect.any(String), Value: expect.any(Number) }]);
      const list = await lab.get("/v1/allocations?resources=true");
      const listed = list.body.find((one: { ID: string }) => one.ID === ID);
      expect(listed.AllocatedResources.Shared.Ports).toEqual(Ports);
    });
  });
}
