import { expect, test } from "vitest";
import { ClusterState } from "../../../src/nomad/cluster-state.js";
import { allocationSchema, evaluationSchema, jobSchema } from "../../../src/nomad/schemas.js";
import type { Job } from "../../../src/nomad/wire.js";

const uuid = (last: number): string => `c232ab00-9414-11ec-b909-0242ac1200${String(last).padStart(2, "0")}`;

function runnerJob(environmentId: number, last: number, index: number): Job {
  const TaskGroups = [{ Name: "config", Count: 0, Meta: { used: "false" } }];
  const ID = `${environmentId}-${uuid(last)}`;
  return { ID, TaskGroups, CreateIndex: index, ModifyIndex: index, JobModifyIndex: index };
}

const idsOf = (state: ClusterState, environmentId: number): string[] =>
  state.runnersOf(environmentId).map(({ id }) => id);

test("the runners of an environment are found without looking at all jobs", () => {
  const state = new ClusterState(() => undefined);
  state.applyJob(runnerJob(1, 1, 10));
  state.applyJob(runnerJob(1, 2, 11));
  state.applyJob(runnerJob(11, 3, 12));
  state.applyJob({ ...runnerJob(1, 4, 13), ID: "template-1" });
  state.applyJob({ ...runnerJob(1, 4, 13), ID: "1-not-ours" });
  expect(idsOf(state, 1)).toEqual([`1-${uuid(1)}`, `1-${uuid(2)}`]);
  expect(idsOf(state, 11)).toEqual([`11-${uuid(3)}`]);
  state.noteMissing(`1-${uuid(1)}`);
  expect(idsOf(state, 1)).toEqual([`1-${uuid(2)}`]);
  state.dropMissingJobs([], 20);
  expect([idsOf(state, 1), idsOf(state, 11)]).toEqual([[], []]);
  state.applyJob(runnerJob(1, 5, 30));
  state.forget();
  expect(idsOf(state, 1)).toEqual([]);
});

test("what is known already changes nothing and is told to nobody", () => {
  const told: string[] = [];
  const state = new ClusterState((id) => told.push(id));
  state.applyJob({ ...runnerJob(1, 1, 10), Status: "running" });
  state.applyJob({ ...runnerJob(1, 1, 10), Status: "running" });
  state.applyJob({ ...runnerJob(1, 1, 9), Status: "dead" });
  expect(told).toHaveLength(1);
  expect(state.job(`1-${uuid(1)}`)?.status).toBe("running");
});

test("a job keeps the fields that nobody reads here, and its faults are named by their place", () => {
  const group = { Name: "default-group", Count: 1, Volumes: { data: { Type: "host" } } };
  const job = { ...runnerJob(1, 1, 10), Priority: 50, TaskGroups: [group] };
  expect(jobSchema.parse(job)).toBe(job);
  const wrong = jobSchema.safeParse({ ...job, TaskGroups: [{ ...group, Count: "one" }] });
  expect(wrong.error?.issues[0]?.path).toEqual(["TaskGroups", 0, "Count"]);
});

test("of allocations and evaluations the fields that are read here are kept, and no others", () => {
  const indexes = { CreateIndex: 1, ModifyIndex: 2, ModifyTime: 1_700_000_000_000_000_000 };
  const event = {
    Type: "Started",
    Time: 1,
    Details: {},
    DisplayMessage: "Task started by client",
    ExitCode: 0,
  };
  const TaskStates = { "default-task": { State: "running", Restarts: 0, Events: [event] } };
  const allocation = {
    TaskStates,
    ...{ ID: "a", JobID: "j", TaskGroup: "g", NodeID: "n", ClientStatus: "running", DesiredStatus: "run" },
    ...indexes,
  };
  const evaluation = { ID: "e", JobID: "j", Status: "complete", ...indexes };
  expect(allocationSchema.parse({ ...allocation, Metrics: {} })).toEqual(allocation);
  expect(evaluationSchema.parse({ ...evaluation, Priority: 50 })).toEqual(evaluation);
});
