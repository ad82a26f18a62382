import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configMeta, findGroup } from "../../../src/nomad/job-definition.js";
import {
  buildRunnerJob,
  buildTemplateJob,
  readSettings,
  sameRunners,
  type TemplateOptions,
} from "../../../src/nomad/job-template.js";
import type { EnvironmentSettings } from "../../../src/nomad/settings.js";
import type { Job } from "../../../src/nomad/wire.js";

const options: TemplateOptions = {
  base: undefined,
  network: {
    mode: "bridge",
    dns: { servers: [], searches: [], options: [] },
    cni: { args: {} },
    reservedports: [],
    dynamicports: [],
  },
  disableForcePull: false,
};

const RUNNER = "7-6d1c3c7e-0000-11f0-8000-000000000000";

const settings: fc.Arbitrary<EnvironmentSettings> = fc
  .record({
    prewarmingPoolSize: fc.nat(),
    cpuLimit: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    memoryLimit: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 2 ** 31 - 1 })),
    image: fc.string({ minLength: 1 }),
    networkAccess: fc.boolean(),
    exposedPorts: fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { maxLength: 5 }),
  })
  .map((all) => (all.networkAccess ? all : { ...all, exposedPorts: [] }));

const plain: EnvironmentSettings = {
  prewarmingPoolSize: 3,
  cpuLimit: 20,
  memoryLimit: 100,
  image: "openhpi/image:1",
  networkAccess: false,
  exposedPorts: [],
};

const taskOf = (job: Job) =>
  findGroup(job, "default-group")?.Tasks?.find(({ Name }) => Name === "default-task");

const customs: Record<string, Job> = {
  "an exec driver": {
    ID: "x",
    TaskGroups: [
      { Name: "default-group", Tasks: [{ Name: "default-task", Driver: "exec", Config: { a: 1 } }] },
    ],
  },
  "a podman driver": {
    ID: "x",
    TaskGroups: [{ Name: "default-group", Tasks: [{ Name: "default-task", Driver: "podman" }] }],
  },
  "nothing at all": { ID: "x" },
  "an empty config group": { ID: "x", TaskGroups: [{ Name: "config", Tasks: [] }] },
};

describe("settings", () => {
  it("come back from the template job that was made of them", () => {
    fc.assert(
      fc.property(settings, fc.nat(), (wanted, id) => {
        const job = buildTemplateJob(id, wanted, options);
        expect(job.ID).toBe(`template-${id}`);
        expect(readSettings(JSON.parse(JSON.stringify(job)))).toEqual(wanted);
      }),
    );
  });

  it.each(Object.entries(customs))("come back with %s as the custom template", (_, base) => {
    fc.assert(
      fc.property(settings, (wanted) => {
        const job = buildTemplateJob(7, wanted, { ...options, base });
        expect(readSettings(JSON.parse(JSON.stringify(job)))).toEqual(wanted);
      }),
    );
  });

  it("are none of a job that is not laid out as ours", () => {
    expect(readSettings({ ID: "template-1" })).toBeUndefined();
    expect(readSettings({ ID: "template-1", TaskGroups: [{ Name: "config" }] })).toBeUndefined();
    const job = buildTemplateJob(1, plain, options);
    const groups = job.TaskGroups?.filter(({ Name }) => Name !== "config") ?? [];
    expect(readSettings({ ...job, TaskGroups: groups })).toBeUndefined();
  });

  it("of a job of the Go service are read", () => {
    const job: Job = {
      ID: "template-29",
      TaskGroups: [
        {
          Name: "default-group",
          Count: 1,
          Networks: [
            {
              Mode: "bridge",
              DynamicPorts: [
                { Label: "80", To: 80, Value: 0 },
                { Label: "22", To: 22 },
              ],
            },
          ],
          Tasks: [
            {
              Name: "default-task",
              Driver: "docker",
              Config: { image: "python", command: "sleep", args: ["infinity"], network_mode: "" },
              Resources: { CPU: 20, MemoryMB: 50, MemoryMaxMB: 512 },
            },
          ],
        },
        { Name: "config", Count: 0, Meta: { used: "false", prewarmingPoolSize: "10" }, Tasks: [] },
      ],
    };
    expect(readSettings(job)).toEqual({
      prewarmingPoolSize: 10,
      cpuLimit: 20,
      memoryLimit: 512,
      image: "python",
      networkAccess: true,
      exposedPorts: [80, 22],
    });
  });
});

describe("memory", () => {
  it.each([
    [0, 50, 0, undefined],
    [1, 10, 10, "1"],
    [9, 10, 10, "9"],
    [10, 10, 10, undefined],
    [49, 49, 49, undefined],
    [50, 50, 50, undefined],
    [51, 50, 51, undefined],
    [4096, 50, 4096, undefined],
  ])("limit %i reserves %i and grows to %i", (memoryLimit, reserved, most, kept) => {
    const job = buildTemplateJob(1, { ...plain, memoryLimit }, options);
    expect(taskOf(job)?.Resources).toEqual({ CPU: 20, MemoryMB: reserved, MemoryMaxMB: most });
    expect(configMeta(job)?.["memoryLimit"]).toBe(kept);
  });

  it("is as Nomad wants it: at least 10 MB, and never less to grow to than is reserved", () => {
    fc.assert(
      fc.property(fc.nat(), fc.option(fc.integer({ min: 10, max: 10_000 })), (memoryLimit, own) => {
        const base: Job = {
          ID: "x",
          TaskGroups: [
            {
              Name: "default-group",
              Tasks: [
                {
                  Name: "default-task",
                  Driver: "docker",
                  ...(own === null ? {} : { Resources: { MemoryMB: own } }),
                },
              ],
            },
          ],
        };
        const { MemoryMB = 0, MemoryMaxMB = 0 } =
          taskOf(buildTemplateJob(1, { ...plain, memoryLimit }, { ...options, base }))?.Resources ?? {};
        expect(MemoryMB).toBeGreaterThanOrEqual(10);
        if (memoryLimit === 0) expect([MemoryMB, MemoryMaxMB]).toEqual([own ?? 50, 0]);
        else {
          expect(MemoryMaxMB).toBe(Math.max(10, memoryLimit));
          expect(MemoryMB).toBeLessThanOrEqual(MemoryMaxMB);
        }
      }),
    );
  });
});

describe("network", () => {
  it("off is no group network and network_mode none, on is one with the exposed ports behind the configured ones", () => {
    const off = buildTemplateJob(1, plain, options);
    expect(findGroup(off, "default-group")).not.toHaveProperty("Networks");
    expect(taskOf(off)?.Config?.["network_mode"]).toBe("none");
    const on = buildTemplateJob(
      1,
      { ...plain, networkAccess: true, exposedPorts: [443, 80] },
      {
        ...options,
        network: {
          ...options.network,
          dns: { servers: ["1.1.1.1"], searches: [], options: [] },
          reservedports: [{ label: "ssh", value: 22 }],
          dynamicports: [{ label: "debug", to: 9229 }],
        },
      },
    );
    expect(findGroup(on, "default-group")?.Networks).toEqual([
      {
        Mode: "bridge",
        DNS: { Servers: ["1.1.1.1"], Searches: [], Options: [] },
        ReservedPorts: [{ Label: "ssh", Value: 22 }],
        DynamicPorts: [
          { Label: "debug", To: 9229 },
          { Label: "443", To: 443 },
          { Label: "80", To: 80 },
        ],
      },
    ]);
    expect(taskOf(on)?.Config?.["network_mode"]).toBe("");
    expect(readSettings(on)?.exposedPorts).toEqual([443, 80]);
  });
});

describe("the built-in template", () => {
  it("is laid out as the Go service's", () => {
    expect(buildTemplateJob(5, plain, options)).toEqual({
      ID: "template-5",
      Name: "template-5",
      Type: "batch",
      Datacenters: ["dc1"],
      TaskGroups: [
        {
          Name: "default-group",
          Count: 1,
          EphemeralDisk: { SizeMB: 10, Sticky: false, Migrate: false },
          // biome-ignore lint/suspicious/noTemplateCurlyInString: Nomad's own interpolation
          Spreads: [{ Attribute: "${node.unique.name}", Weight: 100 }],
          RestartPolicy: { Attempts: 3, Interval: 3.6e12, Delay: 1.5e10, Mode: "fail" },
          ReschedulePolicy: {
            Attempts: 3,
            Interval: 2.16e13,
            Delay: 6e10,
            DelayFunction: "exponential",
            MaxDelay: 2.4e11,
            Unlimited: false,
          },
          Tasks: [
            {
              Name: "default-task",
              Driver: "docker",
              KillTimeout: 0,
              KillSignal: "SIGKILL",
              LogConfig: { MaxFiles: 1, MaxFileSizeMB: 1 },
              Config: {
                image: "openhpi/image:1",
                command: "sleep",
                args: ["infinity"],
                network_mode: "none",
                force_pull: true,
              },
              Resources: { CPU: 20, MemoryMB: 50, MemoryMaxMB: 100 },
            },
          ],
        },
        {
          Name: "config",
          Count: 0,
          Meta: { used: "false", prewarmingPoolSize: "3" },
          Tasks: [
            {
              Name: "config",
              Driver: "exec",
              Config: { command: "true" },
              Resources: { CPU: 1, MemoryMB: 10 },
              LogConfig: { MaxFiles: 1, MaxFileSizeMB: 1 },
            },
          ],
        },
      ],
    });
  });
});

describe("a custom template", () => {
  const base: Job = {
    ID: "mine",
    Name: "mine",
    Namespace: "elsewhere",
    Type: "service",
    Datacenters: ["eu"],
    Priority: 70,
    NodePool: "big",
    Constraints: [{ LTarget: "a", RTarget: "b", Operand: "=" }],
    Version: 3,
    ModifyIndex: 9,
    TaskGroups: [
      {
        Name: "default-group",
        Count: 4,
        Unknown: { deep: [1] },
        Networks: [{ Mode: "host" }],
        Tasks: [
          { Name: "side", Driver: "exec", Config: { command: "x" } },
          {
            Name: "default-task",
            Driver: "docker",
            Config: { runtime: "runsc", command: "bash", args: ["-c"], pids_limit: 100 },
            Resources: { CPU: 1, MemoryMB: 30, Cores: 2 },
            Env: { A: "b" },
          },
        ],
      },
      { Name: "third", Count: 1 },
      { Name: "config", Count: 1, Meta: { kept: "no" }, Tasks: [{ Name: "other", Driver: "exec" }] },
    ],
  };

  it("keeps what it sets beyond our fields; id, name, command and counts are ours", () => {
    const job = buildTemplateJob(3, plain, { ...options, base });
    expect(job).toMatchObject({
      ID: "template-3",
      Name: "template-3",
      Type: "service",
      Datacenters: ["eu"],
      Priority: 70,
      NodePool: "big",
      Constraints: [{ LTarget: "a" }],
    });
    for (const field of ["Namespace", "Version", "ModifyIndex"]) expect(job).not.toHaveProperty(field);
    const group = findGroup(job, "default-group");
    expect(group).toMatchObject({ Count: 1, Unknown: { deep: [1] } });
    expect(group).not.toHaveProperty("Networks");
    expect(group?.Tasks?.[0]).toEqual({ Name: "side", Driver: "exec", Config: { command: "x" } });
    expect(taskOf(job)).toEqual({
      Name: "default-task",
      Driver: "docker",
      Config: {
        runtime: "runsc",
        pids_limit: 100,
        command: "sleep",
        args: ["infinity"],
        image: "openhpi/image:1",
        network_mode: "none",
        force_pull: true,
      },
      Resources: { CPU: 20, MemoryMB: 30, MemoryMaxMB: 100, Cores: 2 },
      Env: { A: "b" },
    });
    expect(findGroup(job, "third")).toEqual({ Name: "third", Count: 1 });
  });

  it("gets the groups and tasks that it lacks", () => {
    const job = buildTemplateJob(3, plain, { ...options, base });
    const config = findGroup(job, "config");
    expect(config).toMatchObject({ Count: 0, Meta: { used: "false", prewarmingPoolSize: "3" } });
    expect(config?.Tasks?.map(({ Name }) => Name)).toEqual(["other", "config"]);
    expect(config?.Tasks?.[1]).toMatchObject({ Driver: "exec", Config: { command: "true" } });
  });

  it("is left as it was", () => {
    const before = structuredClone(base);
    buildRunnerJob(buildTemplateJob(3, plain, { ...options, base }), RUNNER, { forcePull: true });
    expect(base).toEqual(before);
  });
});

describe("a runner's job", () => {
  const nomads = {
    Status: "running",
    StatusDescription: "",
    Stable: true,
    Stop: false,
    Version: 4,
    SubmitTime: 5,
    CreateIndex: 6,
    ModifyIndex: 7,
    JobModifyIndex: 8,
  };

  it("is its template's with nothing but its id, its mark and whether to pull", () => {
    fc.assert(
      fc.property(settings, fc.boolean(), (wanted, forcePull) => {
        const template = { ...buildTemplateJob(7, wanted, options), Unknown: [1], ...nomads };
        const job = buildRunnerJob(template, RUNNER, { forcePull });
        expect([job.ID, job.Name, job["Unknown"]]).toEqual([RUNNER, RUNNER, [1]]);
        expect(configMeta(job)).toEqual({ used: "false" });
        expect(taskOf(job)?.Config?.["force_pull"]).toBe(forcePull);
        for (const field of Object.keys(nomads)) expect(job).not.toHaveProperty(field);
      }),
    );
  });

  it.each(Object.entries({ "the built-in template": undefined, ...customs }))(
    "counts as one of its own template (%s)",
    (_, base) => {
      fc.assert(
        fc.property(settings, fc.boolean(), (wanted, forcePull) => {
          const template = buildTemplateJob(7, wanted, { ...options, base });
          expect(sameRunners(buildRunnerJob(template, RUNNER, { forcePull }), template)).toBe(true);
        }),
      );
    },
  );

  it("does not count as one of a template with another image, limit or network", () => {
    const job = buildRunnerJob(buildTemplateJob(7, plain, options), RUNNER, { forcePull: true });
    const changes: readonly Partial<EnvironmentSettings>[] = [
      { image: "other" },
      { cpuLimit: 21 },
      { memoryLimit: 101 },
      { memoryLimit: 0 },
      { networkAccess: true },
    ];
    for (const change of changes) {
      expect(sameRunners(job, buildTemplateJob(7, { ...plain, ...change }, options))).toBe(false);
    }
    expect(sameRunners(job, buildTemplateJob(7, { ...plain, prewarmingPoolSize: 9 }, options))).toBe(true);
  });
});
