import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NomadClient } from "../../../src/nomad/client.js";
import { FakeNomad } from "./fake-nomad.js";

const token = "11111111-secret";
const registered = { EvalID: "eval-1", EvalCreateIndex: 5, JobModifyIndex: 7, KnownLeader: false };
const job = { ID: "10-a", TaskGroups: null };
const stub = (ID: string) => ({
  ID,
  Status: "running",
  CreateIndex: 1,
  ModifyIndex: 2,
  JobModifyIndex: 1,
});

let nomad: FakeNomad;
let client: NomadClient;

beforeEach(async () => {
  nomad = await new FakeNomad().start();
  client = new NomadClient(await nomad.transport({ token }));
});

afterEach(() => nomad.stop());

describe("registering", () => {
  it("sends job, token and namespace, and returns what the caller needs", async () => {
    nomad.answer = () => ({ body: { ...registered, Warnings: "1 warning:\n\n* careful" } });
    expect(await client.registerJob(job)).toEqual({
      evalId: "eval-1",
      jobModifyIndex: 7,
      warnings: "1 warning:\n\n* careful",
    });
    const [request] = nomad.seen;
    expect(request).toMatchObject({ method: "POST", path: "/v1/jobs" });
    expect(request?.query.get("namespace")).toBe("default");
    expect(request?.headers["x-nomad-token"]).toBe(token);
    expect(JSON.parse(request?.body ?? "")).toEqual({ Job: job });
  });

  it("enforces an index, 0 too, and tells a lost check from a refusal", async () => {
    nomad.answer = () => ({
      status: 500,
      body: "Enforcing job modify index 0: job exists with conflicting job modify index: 8959",
    });
    await expect(client.registerJob(job, { enforceIndex: 0 })).rejects.toMatchObject({
      code: "conflict",
      status: 500,
    });
    expect(JSON.parse(nomad.seen[0]?.body ?? "")).toEqual({
      Job: job,
      EnforceIndex: true,
      JobModifyIndex: 0,
    });
  });

  it("tells why Nomad refuses a job, in one line", async () => {
    nomad.answer = () => ({
      status: 500,
      body:
        "1 error occurred:\n\t* Task group default-group validation failed: 1 error occurred:\n\t* Task default-task validation failed: " +
        "1 error occurred:\n\t* 1 error occurred:\n\t* MemoryMaxMB value (20) should be larger than MemoryMB value (50)\n\n\n\n\n\n\n\n",
    });
    await expect(client.registerJob(job)).rejects.toMatchObject({
      code: "refused",
      message:
        "Task group default-group validation failed: Task default-task validation failed: MemoryMaxMB value (20) should be larger than MemoryMB value (50)",
    });
  });

  it("does not send a job twice when its answer is lost", async () => {
    nomad.answer = () => "reset";
    await expect(client.registerJob(job)).rejects.toMatchObject({ code: "unreachable" });
    expect(nomad.seen).toHaveLength(1);
  });
});

describe("reading", () => {
  it("percent-encodes ids", async () => {
    nomad.answer = () => ({ body: job });
    expect(await client.readJob("a/b c?%")).toEqual(job);
    expect(nomad.seen[0]?.path).toBe("/v1/job/a%2Fb%20c%3F%25");
  });

  it("keeps fields of a job that it does not know, at every depth", async () => {
    const whole = {
      ID: "10-a",
      New: { deep: [1] },
      TaskGroups: [
        { Name: "g", X: 1, Tasks: [{ Name: "t", Driver: "d", Y: { z: null }, Resources: { CPU: 1, Q: 2 } }] },
      ],
    };
    nomad.answer = () => ({ body: whole });
    expect(await client.readJob("10-a")).toEqual(whole);
  });

  it("takes a 404 for 'there is none'", async () => {
    nomad.answer = () => ({ status: 404, body: "job not found" });
    expect(await client.readJob("x")).toBeUndefined();
    expect(await client.readAllocation("x")).toBeUndefined();
    expect(await client.readEvaluation("x")).toBeUndefined();
    expect(await client.readNode("x")).toBeUndefined();
    expect(await client.jobAllocations("x")).toEqual([]);
    expect(await client.deregisterJob("x", { purge: true })).toBe(false);
  });

  it("purges", async () => {
    nomad.answer = () => ({ body: registered });
    expect(await client.deregisterJob("x", { purge: true })).toBe(true);
    expect(nomad.seen[0]).toMatchObject({ method: "DELETE", path: "/v1/job/x" });
    expect(nomad.seen[0]?.query.get("purge")).toBe("true");
  });

  it("reads HCL, where nulls mean 'not set'", async () => {
    nomad.answer = () => ({
      body: {
        ID: "t",
        Stop: null,
        TaskGroups: [
          { Name: "g", Count: 1, Tasks: [{ Name: "t", Driver: "d", Resources: { MemoryMaxMB: null } }] },
        ],
      },
    });
    expect(await client.parseHcl("job {}")).toEqual({
      ID: "t",
      TaskGroups: [{ Name: "g", Count: 1, Tasks: [{ Name: "t", Driver: "d", Resources: {} }] }],
    });
    expect(JSON.parse(nomad.seen[0]?.body ?? "")).toEqual({ JobHCL: "job {}", Canonicalize: true });
  });

  it("reads what the start checks need", async () => {
    nomad.answer = ({ path }) =>
      path === "/v1/agent/self"
        ? { body: { config: { Version: { Version: "1.10.5" }, Region: "global" } } }
        : { body: { SchedulerConfig: { MemoryOversubscriptionEnabled: true } } };
    expect(await client.agentSelf()).toEqual({ version: "1.10.5", region: "global" });
    expect(await client.schedulerConfiguration()).toEqual({ memoryOversubscription: true });
  });

  it("refuses an answer of another form, and names the field only", async () => {
    nomad.answer = () => ({ body: { ID: 5, Secret: "hidden" } });
    const error = await client.readJob("x").catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: "refused", message: expect.stringContaining("ID") });
    expect(String((error as Error).message)).not.toContain("hidden");
  });
});

describe("lists", () => {
  it("reads all pages, with the lowest index", async () => {
    const pages: Record<string, { body: unknown; headers: Record<string, string> }> = {
      first: { body: [stub("a")], headers: { "x-nomad-index": "10", "x-nomad-nexttoken": "b" } },
      b: { body: [stub("b")], headers: { "x-nomad-index": "12", "x-nomad-nexttoken": "c" } },
      c: { body: [stub("c")], headers: { "x-nomad-index": "12" } },
    };
    nomad.answer = ({ query }) => pages[query.get("next_token") ?? "first"];
    const { index, items } = await client.listJobs({ prefix: "10-" });
    expect(index).toBe(10);
    expect(items).toEqual([stub("a"), stub("b"), stub("c")]);
    for (const { query } of nomad.seen) expect(query.get("prefix")).toBe("10-");
  });

  it("is an error when one page is: a part is not the whole", async () => {
    nomad.answer = ({ query }) =>
      query.has("next_token")
        ? { status: 500, body: "No cluster leader" }
        : { body: [stub("a")], headers: { "x-nomad-index": "10", "x-nomad-nexttoken": "b" } };
    await expect(client.listJobs()).rejects.toMatchObject({ code: "unreachable" });
  });

  it("does not go round in circles", async () => {
    nomad.answer = () => ({ body: [], headers: { "x-nomad-nexttoken": "b" } });
    await expect(client.listJobs()).rejects.toMatchObject({ code: "refused" });
  });

  it("asks for allocations with their ports, and takes null for an empty list", async () => {
    nomad.answer = () => ({ body: null, headers: { "x-nomad-index": "3" } });
    expect(await client.listAllocations()).toEqual({ index: 3, items: [] });
    expect(nomad.seen[0]?.query.get("resources")).toBe("true");
  });

  it("understands allocations of others, whose ports may be the same inside", async () => {
    const port = { Label: "http", Value: 7200, HostIP: "192.0.2.1" };
    const allocation = {
      ...{ ID: "a", JobID: "poseidon", TaskGroup: "server", NodeID: "n" },
      ...{ ClientStatus: "running", DesiredStatus: "run", CreateIndex: 1, ModifyIndex: 2 },
      AllocatedResources: { Shared: { Ports: [port] } },
    };
    nomad.answer = () => ({ body: [allocation], headers: { "x-nomad-index": "3" } });
    expect((await client.listAllocations()).items).toEqual([allocation]);
  });
});
