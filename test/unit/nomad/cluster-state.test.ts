import { beforeEach, describe, expect, it } from "vitest";
import { ClusterState } from "../../../src/nomad/cluster-state.js";
import type { Job, JobStub } from "../../../src/nomad/wire.js";

const ID = "7-00000000-0000-1000-8000-000000000000";

const job = (ModifyIndex: number, Status: string): Job => ({
  ID,
  ...{ CreateIndex: 5, JobModifyIndex: 5, ModifyIndex, Status, Stop: false, TaskGroups: [] },
});
const stub = (ModifyIndex: number, Status: string, more: Partial<JobStub> = {}): JobStub => ({
  ID,
  ...{ CreateIndex: 5, JobModifyIndex: 5, ModifyIndex, Status, ...more },
});
const event = (Job: Job) => ({
  ...{ Topic: "Job", Type: "AllocationUpdated", Key: ID, Index: Job.ModifyIndex ?? 0, Payload: { Job } },
});

let changes: string[];
let state: ClusterState;
beforeEach(() => {
  changes = [];
  state = new ClusterState((id) => changes.push(id));
});

describe("a job's status", () => {
  it("is the later one of two at the same index: the job is not dead when its evaluation came with the failure", () => {
    state.applyEvent(event(job(8, "dead")));
    state.applyEvent(event(job(8, "pending")));
    expect(state.job(ID)?.status).toBe("pending");
    expect(changes).toEqual([ID, ID]);
  });

  it("is what a list says, at the same index too", () => {
    state.applyJob(job(8, "dead"));
    expect(state.applyStubs([stub(8, "pending")])).toEqual([]);
    expect(state.job(ID)?.status).toBe("pending");
  });

  it("never goes back to that of an older index", () => {
    state.applyJob(job(9, "running"));
    state.applyEvent(event(job(8, "pending")));
    state.applyStubs([stub(8, "dead")]);
    expect(state.job(ID)?.status).toBe("running");
  });

  it("is dead once the job is stopped, whatever a list says of what still runs; nobody is told twice", () => {
    state.applyJob({ ...job(8, "running"), Stop: true });
    state.applyStubs([stub(8, "running", { Stop: true })]);
    expect(state.job(ID)?.status).toBe("dead");
    expect(changes).toEqual([ID]);
  });
});
