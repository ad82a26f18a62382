import { describe, expect, test } from "vitest";
import type { Evaluation } from "../../../src/nomad/wire.js";
import { runnerJob } from "../jobs.js";
import { Lab } from "../lab.js";
import { call, type Target } from "../target.js";

/** Changes of a job that runs, and its end. */
export function changingSuite(target: () => Target): void {
  describe("changing", () => {
    test("a mark in the config group's meta restarts nothing", async () => {
      const lab = await Lab.open(target());
      const id = lab.id("mark");
      const before = await lab.run(id);
      const { body: job } = await lab.get(`/v1/job/${id}`);
      const meta = { used: "true", timeout: "60", reserved: "0123456789abcdef" };
      const marked = await call(target(), "POST", "/v1/jobs", {
        ...runnerJob(target(), id, { meta }),
        EnforceIndex: true,
        JobModifyIndex: job.JobModifyIndex,
      });
      expect(marked.body.JobModifyIndex).toBeGreaterThan(job.JobModifyIndex);
      await lab.evaluated(marked.body.EvalID);
      const after = await lab.allocation(id, "marked", (one) => one.EvalID === marked.body.EvalID);
      expect(after).toMatchObject({
        ID: before.ID,
        ClientStatus: "running",
        DesiredStatus: "run",
        CreateIndex: before.CreateIndex,
        TaskStates: before.TaskStates,
        AllocatedResources: before.AllocatedResources,
      });
      expect(lab.story(id).slice(-5)).toEqual([
        "Job JobRegistered running",
        "Evaluation JobRegistered pending",
        "Evaluation PlanResult pending",
        "Allocation PlanResult running/run",
        "Evaluation EvaluationUpdated complete",
      ]);
      const { body: stored } = await lab.get(`/v1/job/${id}`);
      expect(stored).toMatchObject({ Version: 1, CreateIndex: job.CreateIndex, Status: "running" });
      expect(stored.TaskGroups[1].Meta).toEqual(meta);
      const { body: allocations } = await lab.get(`/v1/job/${id}/allocations`);
      expect(allocations).toHaveLength(1);
      expect(allocations[0].JobVersion).toBe(1);
    });

    test.each([
      ["the meta of the job", { jobMeta: { a: "b" } }],
      ["the meta of the default group", { groupMeta: { a: "b" } }],
      ["the task's command", { command: ["sleep", "1000000"] as [string, string] }],
      ["its memory", { memory: 60 }],
      ["its ports", { ports: [80] }],
    ])("a change of %s replaces the allocation", async (what, changes) => {
      const lab = await Lab.open(target());
      const id = lab.id(`replaced-${what.split(" ").at(-1)}`);
      const before = await lab.run(id);
      const { body } = await lab.register(id, changes);
      await lab.evaluated(body.EvalID);
      const after = await lab.running(id, [before.ID]);
      expect(after.PreviousAllocation).toBe(before.ID);
      const ended = await lab.allocation(
        id,
        "ended",
        (one) => one.ID === before.ID && one.ClientStatus === "complete",
      );
      expect(ended).toMatchObject({
        DesiredStatus: "stop",
        DesiredDescription: "alloc is being updated due to job update",
        NextAllocation: after.ID,
      });
    });

    test("a purge takes job and allocations at once, and no event tells of the allocation", async () => {
      const lab = await Lab.open(target());
      const id = lab.id("purge");
      const { ID } = await lab.run(id);
      const events = lab.events.ofJob(id).length;
      const { body, status, headers } = await lab.purge(id);
      expect(status).toBe(200);
      expect(headers["x-nomad-index"]).toBe(String(body.Index));
      expect(body).toEqual({
        EvalCreateIndex: body.Index,
        EvalID: expect.stringMatching(/^[0-9a-f-]{36}$/),
        Index: expect.any(Number),
        JobModifyIndex: body.Index,
        KnownLeader: false,
        LastContact: 0,
        NextToken: "",
        VolumeEvalID: "",
        VolumeEvalIndex: 0,
      });
      expect(await lab.get(`/v1/job/${id}`)).toMatchObject({ status: 404, text: "job not found" });
      expect(await lab.get(`/v1/allocation/${ID}`)).toMatchObject({ status: 404, text: "alloc not found" });
      expect((await lab.get(`/v1/job/${id}/allocations`)).body).toEqual([]);
      await lab.evaluated(body.EvalID);
      // Another job's whole way later there is still no word of the allocation.
      await lab.run(lab.id("purge-later"));
      expect(lab.story(id).slice(events)).toEqual([
        "Job JobDeregistered running",
        "Evaluation JobDeregistered pending",
        "Evaluation EvaluationUpdated complete",
      ]);
      // Evaluations stay, and Nomad lists them by a prefix of the job's id.
      const { body: evaluations } = await lab.get(`/v1/job/${id}/evaluations`);
      const listed = evaluations.map((one: Evaluation) => `${one.JobID} ${one.TriggeredBy}`);
      expect(listed.sort()).toEqual([
        `${id} job-deregister`,
        `${id} job-register`,
        `${id}-later job-register`,
      ]);
    });

    test("a job that is not there is deregistered with empty ids", async () => {
      const lab = await Lab.open(target());
      for (const query of ["", "?purge=true"]) {
        const answer = await call(target(), "DELETE", `/v1/job/${lab.id("never")}${query}`);
        expect(answer).toMatchObject({ status: 200, body: { EvalID: "", Index: 0, JobModifyIndex: 0 } });
      }
    });

    test("a job that is stopped without a purge stays, dead, and its allocation ends with an event", async () => {
      const lab = await Lab.open(target());
      const id = lab.id("stop");
      const { ID } = await lab.run(id);
      const { body } = await call(target(), "DELETE", `/v1/job/${id}`);
      await lab.evaluated(body.EvalID);
      const ended = await lab.allocation(id, "complete", (one) => one.ClientStatus === "complete");
      expect(ended).toMatchObject({
        ID,
        DesiredStatus: "stop",
        DesiredDescription: "alloc not needed due to job update",
      });
      const types = ended.TaskStates?.["default-task"]?.Events?.map((event) => event.Type);
      expect(types?.slice(-3)).toEqual(["Killing", "Terminated", "Killed"]);
      const { body: job } = await lab.get(`/v1/job/${id}`);
      expect(job).toMatchObject({ Stop: true, Status: "dead", Version: 1 });
      await lab.register(id);
      await lab.running(id, [ID]);
    });
  });
}
