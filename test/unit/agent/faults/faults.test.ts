import { expect, test } from "vitest";
import { Lab } from "../../../contract/lab.js";
import { call, Events, type Target } from "../../../contract/target.js";
import { startAgent } from "../start-agent.js";

async function inject(target: Target, fault: object): Promise<unknown> {
  const answer = await call(target, "POST", "/v1/faults", fault);
  expect({ fault, status: answer.status, text: answer.status === 200 ? "" : answer.text }).toMatchObject({
    status: 200,
  });
  return answer.body;
}

test("shows what is on and ends it; refuses what is no fault", async () => {
  const target = await startAgent();
  await inject(target, { fault: "drop-events", topic: "Allocation", count: 2 });
  await inject(target, { fault: "stop-heartbeats" });
  expect((await call(target, "GET", "/v1/faults")).body).toEqual([
    { fault: "drop-events", topic: "Allocation", count: 2 },
    { fault: "stop-heartbeats" },
  ]);
  expect((await call(target, "DELETE", "/v1/faults")).body).toEqual([]);
  expect((await call(target, "GET", "/v1/faults")).body).toEqual([]);
  expect((await call(target, "POST", "/v1/faults", { fault: "nonsense" })).status).toBe(400);
  expect((await call(target, "POST", "/v1/faults", { fault: "answer", path: "(", with: 500 })).status).toBe(
    400,
  );
});

test("drops, duplicates and delays chosen events, and leaves the state right", async () => {
  const target = await startAgent();
  const lab = await Lab.open(target);
  await inject(target, { fault: "drop-events", topic: "Allocation", type: "PlanResult", job: "990-a" });
  await inject(target, { fault: "duplicate-events", topic: "Allocation", type: "AllocationUpdated" });
  const { ID } = await lab.run("990-a");
  await lab.events.until(
    "twice",
    () => lab.events.all.filter((one) => one.Type === "AllocationUpdated").length === 2,
  );
  expect(lab.story("990-a")).not.toContain("Allocation PlanResult pending/run");
  expect((await lab.get(`/v1/allocation/${ID}`)).body.ClientStatus).toBe("running");
  await inject(target, { fault: "delay-events", topic: "Job", type: "JobDeregistered", delay: 600_000 });
  const { body } = await lab.purge("990-a");
  await lab.evaluated(body.EvalID);
  expect(lab.story("990-a")).not.toContain("Job JobDeregistered running");
});

test("reorders: the next batch overtakes", async () => {
  const target = await startAgent();
  const lab = await Lab.open(target);
  await inject(target, { fault: "reorder-events", topic: "Job", type: "JobRegistered" });
  await lab.run("990-a");
  expect(lab.story("990-a").slice(0, 2)).toEqual([
    "Evaluation JobRegistered pending",
    "Job JobRegistered pending",
  ]);
});

test.each(["end", "cut", "mid-line", "mid-character"])("breaks event streams: %s", async (how) => {
  const target = await startAgent();
  const events = await Events.open(target);
  expect(await inject(target, { fault: "close-streams", how })).toEqual({ closed: 1 });
  await expect(events.until("never", () => false)).rejects.toThrow(/ended before/);
  expect(events.rubbish.length).toBe(how.startsWith("mid") ? 1 : 0);
});

test("an overrun buffer forgets, and gaps of the index stay gaps", async () => {
  const target = await startAgent();
  const lab = await Lab.open(target);
  const before = (await lab.register("990-a")).body.Index;
  await inject(target, { fault: "skip-indexes", count: 50 });
  await inject(target, { fault: "overrun-buffer", count: 150 });
  const after = (await lab.register("990-b")).body.Index;
  expect(after).toBeGreaterThan(before + 200);
  const events = await Events.open(target);
  await events.waitFor("new", (event) => event.Key === "990-b");
  expect(events.ofJob("990-a")).toEqual([]);
  events.close();
});

test("tells of running allocations again and again, with growing indexes and nothing else changed", async () => {
  const target = await startAgent();
  const lab = await Lab.open(target);
  const { ID } = await lab.run("990-a");
  const before = (await lab.get(`/v1/allocation/${ID}`)).body;
  const seen = lab.events.all.length;
  const { sent } = (await inject(target, { fault: "repeat-updates", rate: 1_000, duration: 50 })) as {
    sent: number;
  };
  const after = (await lab.get(`/v1/allocation/${ID}`)).body;
  expect(sent).toBeGreaterThan(0);
  expect(after.ModifyIndex).toBeGreaterThan(before.ModifyIndex);
  expect({ ...after, ModifyIndex: 0, ModifyTime: 0 }).toEqual({ ...before, ModifyIndex: 0, ModifyTime: 0 });
  await lab.events.until("all of them", () => lab.events.all.length >= seen + sent);
});

test("without running allocations there is nothing to tell again, and what goes on ends with the faults", async () => {
  const target = await startAgent();
  expect(await inject(target, { fault: "repeat-updates", rate: 1_000, duration: 20 })).toEqual({ sent: 0 });
  const fault = { fault: "repeat-updates", rate: 1, duration: 600_000 };
  const endless = inject(target, fault);
  await expect.poll(async () => (await call(target, "GET", "/v1/faults")).body).toEqual([fault]);
  await call(target, "DELETE", "/v1/faults");
  expect(await endless).toEqual({ sent: 0 });
});

test("answers chosen requests with errors, late, or after doing what was asked", async () => {
  const target = await startAgent();
  const lab = await Lab.open(target);
  await inject(target, { fault: "answer", method: "GET", path: "^/v1/jobs$", with: 503, count: 2 });
  expect((await lab.get("/v1/jobs")).status).toBe(503);
  expect((await lab.get("/v1/jobs")).status).toBe(503);
  expect((await lab.get("/v1/jobs")).status).toBe(200);
  await inject(target, {
    fault: "answer",
    method: "POST",
    path: "^/v1/jobs$",
    with: "cut",
    afterwards: true,
  });
  await expect(lab.register("990-a")).rejects.toThrow(/hang up|ECONNRESET/);
  expect((await lab.get("/v1/job/990-a")).status).toBe(200);
  await inject(target, { fault: "answer", path: "^/v1/nodes$", with: "hang" });
  const hanging = expect(lab.get("/v1/nodes")).rejects.toThrow(/hang up|ECONNRESET/);
  await call(target, "DELETE", "/v1/faults");
  await hanging;
});

test("a register answers after, or before, the events of its evaluation", async () => {
  const target = await startAgent();
  const lab = await Lab.open(target);
  await inject(target, { fault: "register-order", answer: "after-events" });
  const { body } = await lab.register("990-a");
  expect((await lab.get(`/v1/evaluation/${body.EvalID}`)).body.Status).toBe("complete");
  await inject(target, { fault: "register-order", answer: "before-events" });
  await lab.run("990-b");
});

test("holds placements, refuses them, and lets them go", async () => {
  const target = await startAgent();
  const lab = await Lab.open(target);
  await inject(target, { fault: "hold-placements" });
  const { body } = await lab.register("990-a");
  await lab.evaluated(body.EvalID);
  expect((await lab.get("/v1/job/990-a/allocations")).body[0].ClientStatus).toBe("pending");
  await inject(target, { fault: "release-placements" });
  await lab.running("990-a");
  await inject(target, { fault: "refuse-placements", job: "990-b", dimension: "memory" });
  const refused = await lab.evaluated((await lab.register("990-b")).body.EvalID);
  expect(refused.FailedTGAllocs?.["default-group"]?.DimensionExhausted).toEqual({ memory: 1 });
  await call(target, "DELETE", "/v1/faults");
  await lab.running("990-b");
});

test("kills an allocation: out of memory, restarted, failed, lost", async () => {
  const target = await startAgent({ delayScale: 0 });
  const lab = await Lab.open(target);
  const first = await lab.run("990-a");
  await inject(target, { fault: "kill-allocation", allocation: first.ID, how: "oom" });
  const pending = await lab.allocation(
    "990-a",
    "pending",
    (one) => one.TaskStates?.["default-task"]?.Restarts === 1,
  );
  expect(pending.TaskStates?.["default-task"]?.Events?.at(-2)).toMatchObject({
    Details: { oom_killed: "true" },
  });
  await lab.allocation(
    "990-a",
    "again",
    (one) => one.ClientStatus === "running" && one.TaskStates?.["default-task"]?.Restarts === 1,
  );
  await inject(target, { fault: "kill-allocation", allocation: first.ID, how: "failed" });
  const second = await lab.running("990-a", [first.ID]);
  expect(second.PreviousAllocation).toBe(first.ID);
  await inject(target, { fault: "kill-allocation", allocation: second.ID, how: "lost" });
  const lost = await lab.allocation(
    "990-a",
    "lost",
    (one) => one.ClientStatus === "lost" && one.DesiredStatus === "stop",
  );
  const third = await lab.running("990-a", [first.ID, second.ID]);
  expect(lost.NextAllocation).toBe(third.ID);
  expect(
    (await call(target, "POST", "/v1/faults", { fault: "kill-allocation", allocation: "x", how: "oom" }))
      .status,
  ).toBe(404);
});

test.each(["lost", "complete"])("what has ended is not %s again, and its job stays dead", async (how) => {
  const target = await startAgent({ delayScale: 0 });
  const lab = await Lab.open(target);
  const { ID } = await lab.run("990-a");
  await call(target, "DELETE", "/v1/job/990-a");
  await lab.allocation("990-a", "complete", (one) => one.ClientStatus === "complete");
  const fault = { fault: "kill-allocation", allocation: ID, how };
  expect((await call(target, "POST", "/v1/faults", fault)).status).toBe(404);
  expect((await lab.get("/v1/job/990-a")).body).toMatchObject({ Status: "dead" });
});

test("reschedules an allocation with other ports", async () => {
  const target = await startAgent();
  const lab = await Lab.open(target);
  const first = await lab.run("990-a", { ports: [80] });
  await inject(target, { fault: "reschedule-allocation", allocation: first.ID });
  const second = await lab.running("990-a", [first.ID]);
  const port = (one: typeof first) => one.AllocatedResources?.Shared?.Ports?.[0]?.Value;
  expect(second.PreviousAllocation).toBe(first.ID);
  expect(port(second)).not.toBe(port(first));
});

test.each([true, false])("restarts the agent, keeping its state: %s", async (keepState) => {
  const target = await startAgent();
  const lab = await Lab.open(target);
  const { ID } = await lab.run("990-a");
  await inject(target, { fault: "restart-agent", keepState, downFor: 0 });
  await expect(lab.events.until("never", () => false)).rejects.toThrow(/ended before/);
  let answer = await lab.get(`/v1/allocation/${ID}`).catch(() => undefined);
  for (let tries = 0; answer === undefined && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    answer = await lab.get(`/v1/allocation/${ID}`).catch(() => undefined);
  }
  expect(answer?.status).toBe(keepState ? 200 : 404);
  const events = await Events.open(target);
  await events.until("heartbeat", () => events.frames.length > 0);
  expect(events.all).toEqual([]);
  events.close();
});
