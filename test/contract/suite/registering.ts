import { describe, expect, test } from "vitest";
import { canonicalRunnerJob } from "../canonical-runner-job.js";
import { runnerJob } from "../jobs.js";
import { Lab } from "../lab.js";
import { call, type Target } from "../target.js";

/** POST /v1/jobs: what it answers, what it stores, what it refuses. */
export function registeringSuite(target: () => Target): void {
  describe("registering", () => {
    test("answers with the evaluation and one index for all", async () => {
      const lab = await Lab.open(target());
      const id = lab.id("register");
      const { status, body, headers } = await lab.register(id);
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
        Warnings: "",
      });
    });

    test("reading back shows the job with every default filled in", async () => {
      const lab = await Lab.open(target());
      const id = lab.id("canonical");
      const changes = { ports: [80, 8080], groupMeta: { a: "b" } };
      const registered = await lab.register(id, changes);
      const { body } = await lab.get(`/v1/job/${id}`);
      expect(body).toEqual({
        ...canonicalRunnerJob(runnerJob(target(), id, changes).Job),
        CreateIndex: registered.body.JobModifyIndex,
        JobModifyIndex: registered.body.JobModifyIndex,
        ModifyIndex: expect.any(Number),
        Status: expect.stringMatching(/^(pending|running)$/),
        SubmitTime: expect.any(Number),
      });
    });

    test("a bare job gets Nomad's defaults", async () => {
      const lab = await Lab.open(target());
      const id = lab.id("bare");
      const task = { Name: "t", Driver: target().driver, Config: { command: "sleep", image: "x" } };
      await lab.registerBody(id, { Job: { ID: id, TaskGroups: [{ Name: "g", Count: 0, Tasks: [task] }] } });
      const { body } = await lab.get(`/v1/job/${id}`);
      expect(body).toMatchObject({ Type: "service", Datacenters: ["*"], Priority: 50, Name: id });
      expect(body.TaskGroups[0].Tasks[0]).toMatchObject({
        Resources: { CPU: 100, MemoryMB: 300, MemoryMaxMB: 0 },
        LogConfig: { MaxFiles: 10, MaxFileSizeMB: 10, Disabled: false },
        KillTimeout: 5_000_000_000,
      });
      expect(body.TaskGroups[0]).toMatchObject({
        EphemeralDisk: { SizeMB: 300, Sticky: false, Migrate: false },
        RestartPolicy: { Attempts: 2, Delay: 15e9, Interval: 1_800e9, Mode: "fail" },
        ReschedulePolicy: { Unlimited: true, Delay: 30e9, DelayFunction: "exponential", MaxDelay: 3_600e9 },
      });
    });

    test("what was read back changes nothing when it is registered again", async () => {
      const lab = await Lab.open(target());
      const id = lab.id("same");
      const first = await lab.register(id);
      await lab.evaluated(first.body.EvalID);
      const { body: job } = await lab.get(`/v1/job/${id}`);
      const again = await call(target(), "PUT", "/v1/jobs", { Job: job });
      expect(again.body.JobModifyIndex).toBe(first.body.JobModifyIndex);
      expect(again.body.Index).toBeGreaterThan(first.body.Index);
      await lab.evaluated(again.body.EvalID);
      const { body: after } = await lab.get(`/v1/job/${id}`);
      expect(after).toMatchObject({ Version: 0, JobModifyIndex: first.body.JobModifyIndex });
      // Between them the first one's task may start, which is told too.
      const evaluations = lab.story(id).filter((line) => line.startsWith("Evaluation"));
      expect(evaluations.slice(-2)).toEqual([
        "Evaluation EvaluationUpdated pending",
        "Evaluation EvaluationUpdated complete",
      ]);
    });

    test("EnforceIndex takes only the index that is there", async () => {
      const lab = await Lab.open(target());
      const id = lab.id("enforce");
      const { Job } = runnerJob(target(), id);
      const enforce = (index: number) =>
        call(target(), "POST", "/v1/jobs", { Job, EnforceIndex: true, JobModifyIndex: index });
      expect(await enforce(7)).toMatchObject({
        status: 500,
        text: "Enforcing job modify index 7: job does not exist",
      });
      const first = await lab.register(id);
      const current = first.body.JobModifyIndex;
      expect(await enforce(0)).toMatchObject({
        status: 500,
        text: "Enforcing job modify index 0: job already exists",
      });
      expect(await enforce(current - 1)).toMatchObject({
        status: 500,
        text: `Enforcing job modify index ${current - 1}: job exists with conflicting job modify index: ${current}`,
      });
      expect(await enforce(current)).toMatchObject({ status: 200 });
    });

    test("an id with a slash and letters beyond ASCII is found percent-encoded", async () => {
      const lab = await Lab.open(target());
      const id = `${lab.id("odd")}/ä%?`;
      expect(await lab.register(id)).toMatchObject({ status: 200 });
      expect((await lab.get(`/v1/job/${encodeURIComponent(id)}`)).body).toMatchObject({ ID: id, Name: id });
      expect((await lab.purge(id)).body.EvalID).not.toBe("");
    });
  });
}
