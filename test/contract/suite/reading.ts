import { describe, expect, test } from "vitest";
import { Lab } from "../lab.js";
import type { Target } from "../target.js";

/** Lists, pages, single records and the diagnosis routes. */
export function readingSuite(target: () => Target): void {
  describe("reading", () => {
    test("jobs come by prefix, page by page, without groups and group meta", async () => {
      const lab = await Lab.open(target());
      const ids = ["page-a", "page-b", "page-c"].map((name) => lab.id(name));
      for (const id of ids) await lab.register(id, { jobMeta: { a: "b" } });
      const list = `/v1/jobs?prefix=${lab.id("page-")}`;
      const first = await lab.get(`${list}&per_page=2`);
      expect(first.body.map((job: { ID: string }) => job.ID)).toEqual(ids.slice(0, 2));
      expect(first.headers["x-nomad-nexttoken"]).toBe(`default.${ids[2]}`);
      expect(Number(first.headers["x-nomad-index"])).toBeGreaterThan(0);
      const second = await lab.get(`${list}&per_page=2&next_token=${first.headers["x-nomad-nexttoken"]}`);
      expect(second.body.map((job: { ID: string }) => job.ID)).toEqual(ids.slice(2));
      expect(second.headers).not.toHaveProperty("x-nomad-nexttoken");
      expect(Object.keys(first.body[0]).sort()).toEqual(STUB_KEYS);
      expect((await lab.get(`${list}&meta=true`)).body[0].Meta).toEqual({ a: "b" });
      expect((await lab.get(`/v1/jobs?prefix=${lab.id("nothing")}`)).body).toEqual([]);
      expect(await lab.get("/v1/jobs?per_page=x")).toMatchObject({
        status: 400,
        text: "Expect a number for `per_page` query string parameter",
      });
    });

    test("a page goes on where the first job of the next one is gone meanwhile", async () => {
      const lab = await Lab.open(target());
      const ids = ["gone-a", "gone-b", "gone-c"].map((name) => lab.id(name));
      for (const id of ids) await lab.register(id);
      const list = `/v1/jobs?prefix=${lab.id("gone-")}&per_page=1`;
      const token = (await lab.get(list)).headers["x-nomad-nexttoken"];
      await lab.purge(ids[1]!);
      const { body } = await lab.get(`${list}&next_token=${token}`);
      expect(body.map((job: { ID: string }) => job.ID)).toEqual([ids[2]]);
    });

    test("a job's stub counts its allocations", async () => {
      const lab = await Lab.open(target());
      const id = lab.id("summary");
      await lab.run(id);
      const { body } = await lab.get(`/v1/jobs?prefix=${id}`);
      const none = { Complete: 0, Failed: 0, Lost: 0, Queued: 0, Running: 0, Starting: 0, Unknown: 0 };
      expect(body[0].JobSummary).toMatchObject({
        JobID: id,
        Summary: { "default-group": { ...none, Running: 1 }, config: none },
      });
    });

    test("allocations carry their resources only when asked for, and go by a prefix of their own id", async () => {
      const lab = await Lab.open(target());
      const { ID } = await lab.run(lab.id("resources"));
      const prefix = ID.slice(0, 8);
      const plain = await lab.get(`/v1/allocations?prefix=${prefix}`);
      expect(plain.body.map((one: { ID: string }) => one.ID)).toEqual([ID]);
      expect(plain.body[0]).not.toHaveProperty("AllocatedResources");
      expect(Object.keys(plain.body[0]).sort()).toEqual(ALLOCATION_STUB_KEYS);
      const full = await lab.get(`/v1/allocations?prefix=${prefix}&resources=true`);
      expect(full.body[0].AllocatedResources.Tasks["default-task"]).toEqual({
        Cpu: { CpuShares: 20, ReservedCores: null },
        Devices: null,
        Memory: { MemoryMB: 50, MemoryMaxMB: 64 },
        Networks: null,
      });
      expect(
        await lab.get(`/v1/allocations?prefix=${encodeURIComponent(lab.id("resources"))}`),
      ).toMatchObject({
        status: 500,
      });
    });

    test("all allocations come page by page, in the order they were made", async () => {
      const lab = await Lab.open(target());
      const ids: string[] = [];
      for (const name of ["made-1", "made-2", "made-3"]) ids.push((await lab.run(lab.id(name))).ID);
      const found: string[] = [];
      let token: string | undefined = "";
      while (token !== undefined) {
        const { body, headers } = await lab.get(`/v1/allocations?per_page=2&next_token=${token}`);
        expect(body.length).toBeLessThanOrEqual(2);
        found.push(...body.map((one: { ID: string }) => one.ID));
        token = headers["x-nomad-nexttoken"] as string | undefined;
        if (token !== undefined) expect(token).toMatch(/^\d+\.[0-9a-f-]{36}$/);
      }
      expect(found.filter((id) => ids.includes(id))).toEqual(ids);
      expect(new Set(found).size).toBe(found.length);
    });

    test("one allocation comes with its job, and its event without", async () => {
      const lab = await Lab.open(target());
      const id = lab.id("one");
      const event = await lab.run(id);
      expect(event).not.toHaveProperty("Job");
      const { body, headers } = await lab.get(`/v1/allocation/${event.ID}`);
      expect(Number(headers["x-nomad-index"])).toBe(body.ModifyIndex);
      const { Job, Metrics: _, ...rest } = body;
      expect(Job).toMatchObject({ ID: id, Version: 0, JobModifyIndex: expect.any(Number) });
      expect(rest).toEqual({
        AllocModifyIndex: body.CreateIndex,
        AllocatedResources: {
          Shared: { DiskMB: 10, Networks: null, Ports: null },
          TaskLifecycles: { "default-task": null },
          Tasks: expect.any(Object),
        },
        ClientDescription: "Tasks are running",
        ClientStatus: "running",
        CreateIndex: expect.any(Number),
        CreateTime: expect.any(Number),
        DesiredStatus: "run",
        EvalID: expect.any(String),
        ID: event.ID,
        JobID: id,
        ModifyIndex: expect.any(Number),
        ModifyTime: expect.any(Number),
        Name: `${id}.default-group[0]`,
        Namespace: "default",
        NetworkStatus: { Address: "", AddressIPv6: "", DNS: null, InterfaceName: "" },
        NodeID: expect.any(String),
        NodeName: expect.any(String),
        Resources: { ...RESOURCES, CPU: 20, DiskMB: 10, MemoryMB: 50, MemoryMaxMB: 64 },
        SharedResources: { ...RESOURCES, DiskMB: 10 },
        SigningKeyID: expect.any(String),
        TaskGroup: "default-group",
        TaskResources: { "default-task": { ...RESOURCES, CPU: 20, MemoryMB: 50, MemoryMaxMB: 64 } },
        TaskStates: expect.any(Object),
      });
    });

    test("a node tells its own address", async () => {
      const lab = await Lab.open(target());
      const { NodeID } = await lab.run(lab.id("node"));
      const { body } = await lab.get(`/v1/node/${NodeID}`);
      expect(body).toMatchObject({ ID: NodeID, TLSEnabled: false, Status: "ready", Datacenter: "dc1" });
      expect(`http://${body.HTTPAddr}`).toBe(target().address);
    });

    test("the diagnosis routes tell who is there", async () => {
      const lab = await Lab.open(target());
      expect((await lab.get("/v1/status/leader")).body).toMatch(/^127\.0\.0\.1:\d+$/);
      expect((await lab.get("/v1/agent/self")).body).toMatchObject({
        config: { Version: { Version: "1.10.5" } },
        member: { Tags: { build: "1.10.5" } },
      });
      const { body, headers } = await lab.get("/v1/operator/scheduler/configuration");
      expect(body).toMatchObject({ SchedulerConfig: { MemoryOversubscriptionEnabled: true } });
      expect(headers["x-nomad-index"]).toBe(String(body.Index));
    });
  });
}

const RESOURCES = {
  CPU: 0,
  Cores: 0,
  Devices: null,
  DiskMB: 0,
  IOPS: 0,
  MemoryMB: 0,
  MemoryMaxMB: 0,
  NUMA: null,
  Networks: null,
  SecretsMB: 0,
};

const STUB_KEYS =
  "CreateIndex Datacenters ID JobModifyIndex JobSummary ModifyIndex Multiregion Name Namespace NodePool ParameterizedJob ParentID Periodic Priority Status StatusDescription Stop SubmitTime Type".split(
    " ",
  );

const ALLOCATION_STUB_KEYS =
  "ClientDescription ClientStatus CreateIndex CreateTime DeploymentStatus DesiredDescription DesiredStatus DesiredTransition EvalID FollowupEvalID ID JobID JobType JobVersion ModifyIndex ModifyTime Name Namespace NextAllocation NodeID NodeName PreemptedAllocations PreemptedByAllocation RescheduleTracker TaskGroup TaskStates".split(
    " ",
  );
