import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Runner } from "../../api/suite/client.js";
import { serverOn } from "../../containers/suite.js";
import type { Nomad } from "../../support/nomad.js";
import type { TestServer } from "../../support/server.js";
import { until } from "../../support/until.js";
import { isFullRun, OwnCluster } from "../own-cluster.js";
import { Recoveries } from "./recovery.js";

const PORT = 4_744;
const ENVIRONMENT = 7_100;
const LONG = { within: 90_000 };

/** What breaks under a server that runs, and how long until it serves again. Times count from when Nomad is back. */
describe.skipIf(!isFullRun)("faults of a cluster", { timeout: 300_000 }, () => {
  const recoveries = new Recoveries();
  let cluster: OwnCluster;
  let nomad: Nomad;
  let server: TestServer;

  beforeAll(async () => {
    cluster = await OwnCluster.up({ port: PORT });
    nomad = cluster.nomad;
    server = await serverOn(nomad);
    await server.client.put(ENVIRONMENT, { image: cluster.image, prewarmingPoolSize: 3 });
    await server.settled(ENVIRONMENT, { idle: 3, used: 0 }, LONG);
  }, 300_000);

  afterAll(async () => {
    recoveries.print("Recovery from faults of a cluster:");
    await server?.stop();
    await cluster?.down();
  }, 300_000);

  /** The runner jobs at Nomad are those that the server counts, and the pool is full. */
  const exact = async (used: number): Promise<void> => {
    await server.settled(ENVIRONMENT, { idle: 3, used }, LONG);
    const living = () => nomad.livingJobIds(`${ENVIRONMENT}-`);
    await until("exact jobs", async () => (await living()).length === 3 + used, LONG);
  };

  test.each(["SIGTERM", "SIGKILL"] as const)(
    "Nomad is ended by %s and started again: containers survive, sessions break, pools are exact",
    async (signal) => {
      const runner = await server.client.claim(ENVIRONMENT);
      await server.settled(ENVIRONMENT, { idle: 3, used: 1 }, LONG);
      await server.client.write(runner, "kept", "content");
      const before = await nomad.jobIds(`${ENVIRONMENT}-`);
      const execution = await server.client.start(runner, { command: "echo up >up; exec tail -f up" });
      await execution.stdout("up");
      await cluster.kill("nomad", signal);
      const { last, code } = await execution.result;
      expect([last, code]).toEqual([{ type: "error", data: "Error executing the request" }, 1000]);
      await cluster.up();
      await recoveries.measure(`Nomad ended by ${signal}`, () =>
        until("service", () => server.serves(ENVIRONMENT), LONG),
      );
      await exact((await server.statusOf(runner.id)) === 200 ? 1 : 0);
      // Idle runners are the same ones; the used one has its files.
      const kept = before.filter((id) => id !== runner.id);
      const after = await nomad.jobIds(`${ENVIRONMENT}-`);
      expect(after.filter((id) => kept.includes(id)).length).toBeGreaterThanOrEqual(2);
      if ((await server.statusOf(runner.id)) === 200) {
        expect((await server.client.download(runner, { path: "kept" })).text).toBe("content");
        await server.release(runner.id);
      }
      await exact(0);
    },
  );

  test("Nomad stands still for 30 s: what needs it says so, and pools are exact when it goes on", async () => {
    const runner = await server.client.claim(ENVIRONMENT);
    await server.settled(ENVIRONMENT, { idle: 3, used: 1 }, LONG);
    await server.client.write(runner, "kept", "content");
    cluster.freeze();
    const frozen = performance.now();
    try {
      const answer = await server.client.put(ENVIRONMENT + 1, { image: cluster.image });
      expect([answer.status, answer.json().errorCode]).toEqual([500, "NOMAD_UNREACHABLE"]);
      const known = await server.client.call("GET", `/execution-environments/${ENVIRONMENT}`);
      expect(known.status).toBe(200);
      // How long it lasts is what is tried.
      await new Promise((resolve) => setTimeout(resolve, 30_000 - (performance.now() - frozen)));
    } finally {
      cluster.thaw();
    }
    const thawed = performance.now();
    let readyAfter = 0;
    await recoveries.measure("Nomad stood still for 30 s", () =>
      until(
        "service",
        async () => {
          const [node] = await nomad.must("GET", "/v1/nodes");
          if (node.Status !== "ready") readyAfter = performance.now() - thawed;
          return server.serves(ENVIRONMENT);
        },
        LONG,
      ),
    );
    recoveries.note("of that Nomad took its own node for lost", `${(readyAfter / 1_000).toFixed(2)} s`);
    await exact((await server.statusOf(runner.id)) === 200 ? 1 : 0);
    if ((await server.statusOf(runner.id)) === 200) {
      expect((await server.client.download(runner, { path: "kept" })).text).toBe("content");
      await server.release(runner.id);
    }
    await server.client.call("DELETE", `/execution-environments/${ENVIRONMENT + 1}`);
    await exact(0);
    expect(await nomad.jobIds(`template-${ENVIRONMENT + 1}`)).toEqual([]);
  });

  test("Docker is restarted: what ran is gone, the pool is full again", async () => {
    const runner = await server.client.claim(ENVIRONMENT);
    await server.settled(ENVIRONMENT, { idle: 3, used: 1 }, LONG);
    await cluster.kill("dockerd", "SIGTERM");
    await cluster.up();
    await recoveries.measure("Docker restarted (15 s of it by the restart policy)", () =>
      until("service", () => server.serves(ENVIRONMENT), LONG),
    );
    await until("the used runner's end", async () => (await server.statusOf(runner.id)) === 410, LONG);
    await exact(0);
  });

  test("the client is drained and made eligible again", async () => {
    const runner = await server.client.claim(ENVIRONMENT);
    const execution = await server.client.start(runner, { command: "echo up >up; exec tail -f up" });
    await execution.stdout("up");
    const [{ ID: node }] = await nomad.must("GET", "/v1/nodes");
    await nomad.must("POST", `/v1/node/${node}/drain`, {
      DrainSpec: { Deadline: -1, IgnoreSystemJobs: false },
    });
    const { last } = await execution.result;
    expect(last?.type).toBe("error");
    await until("the pool's loss", async () => (await server.figures(ENVIRONMENT))?.idleRunners === 0, LONG);
    expect((await server.claim(ENVIRONMENT)).json().errorCode).toBe("NOMAD_OVERLOAD");
    await nomad.must("POST", `/v1/node/${node}/drain`, { DrainSpec: null, MarkEligible: true });
    await recoveries.measure("a drained node is eligible again", () =>
      until("service", () => server.serves(ENVIRONMENT), LONG),
    );
    expect(await server.statusOf(runner.id)).toBe(410);
    await exact(0);
  });

  test("the cluster is full and then has room", async () => {
    const [{ ID: node }] = await nomad.must("GET", "/v1/nodes");
    const { NodeResources } = await nomad.must("GET", `/v1/node/${node}`);
    const total = NodeResources.Memory.MemoryMB;
    // The template job's allocation may have ended for good in what the tests before did.
    const allocations: { ClientStatus: string }[] = await nomad.must("GET", "/v1/allocations");
    const running = allocations.filter(({ ClientStatus }) => ClientStatus === "running").length;
    const task = {
      Name: "t",
      Driver: "docker",
      Config: { image: cluster.image, command: "sleep", args: ["infinity"] },
    };
    await nomad.register({
      ID: "filler",
      Name: "filler",
      Type: "batch",
      Datacenters: ["dc1"],
      TaskGroups: [
        { Name: "g", Tasks: [{ ...task, Resources: { CPU: 1, MemoryMB: total - (running + 1) * 50 } }] },
      ],
    });
    await until(
      "the filler",
      async () => (await nomad.allocation("filler")).ClientStatus === "running",
      LONG,
    );
    // There is room for one more at most.
    const runners = [await server.client.claim(ENVIRONMENT), await server.client.claim(ENVIRONMENT)];
    await until(
      "a runner that cannot be placed",
      async () => ((await server.figures(ENVIRONMENT))?.startingRunners ?? 0) > 0,
      LONG,
    );
    // Three of the pool and two that are claimed, whether there is room for them or not.
    const before = await until("the replacements", async () => {
      const ids = await nomad.jobIds(`${ENVIRONMENT}-`);
      return ids.length === 5 && ids;
    });
    const answer = await server.client.put(ENVIRONMENT + 1, { image: cluster.image });
    expect(answer.status).toBe(500);
    expect(answer.json().message).toMatch(/memory/);
    expect(await nomad.job(`template-${ENVIRONMENT + 1}`)).toBeUndefined();
    // Nothing was registered in vain meanwhile.
    expect(await nomad.jobIds(`${ENVIRONMENT}-`)).toEqual(before);
    await nomad.purge("filler");
    await recoveries.measure("a full cluster has room again", () =>
      server.settled(ENVIRONMENT, { idle: 3, used: 2 }, LONG),
    );
    for (const { id } of runners) await server.release(id);
    await exact(0);
  });

  test("jobs are changed and removed behind the server's back", async () => {
    const runner = await server.client.claim(ENVIRONMENT);
    await server.settled(ENVIRONMENT, { idle: 3, used: 1 }, LONG);
    const idle = (await nomad.jobIds(`${ENVIRONMENT}-`)).filter((id) => id !== runner.id);
    await recoveries.measure("an idle runner's job is purged", async () => {
      await nomad.purge(idle[0] ?? "");
      await until("its end", async () => !(await nomad.jobIds(`${ENVIRONMENT}-`)).includes(idle[0] ?? ""));
      await exact(1);
    });
    await recoveries.measure("a used runner's job is purged", async () => {
      const execution = await server.client.start(runner, { command: "echo up >up; exec tail -f up" });
      await execution.stdout("up");
      await nomad.purge(runner.id);
      expect((await execution.result).last?.type).toBe("error");
      expect(await server.statusOf(runner.id)).toBe(410);
      await exact(0);
    });
    await recoveries.measure("an idle runner's job is stopped, not purged", async () => {
      const [id = ""] = await nomad.jobIds(`${ENVIRONMENT}-`);
      await nomad.must("DELETE", `/v1/job/${id}?purge=false`);
      await until(
        "another one",
        async () => {
          const jobs: { ID: string; Status: string }[] = await nomad.must(
            "GET",
            `/v1/jobs?prefix=${ENVIRONMENT}-`,
          );
          return jobs.filter(({ Status }) => Status === "running").length === 3;
        },
        LONG,
      );
      await server.settled(ENVIRONMENT, { idle: 3, used: 0 }, LONG);
    });
    await recoveries.measure(
      "an idle runner's job is changed so that its container is replaced",
      async () => {
        const [id = ""] = await nomad.jobIds(`${ENVIRONMENT}-`);
        const job = await nomad.job(id);
        await nomad.register({ ...job, Meta: { changed: "true" } });
        await server.settled(ENVIRONMENT, { idle: 3, used: 0 }, LONG);
      },
    );
    expect(await until("service", () => server.serves(ENVIRONMENT), LONG)).toBe(true);
  });

  test("another server's leftovers: orphans go, strangers stay", async () => {
    const [id = ""] = await nomad.jobIds(`${ENVIRONMENT}-`);
    const job = await nomad.job(id);
    const copies = ["7199-00000000-0000-1000-8000-000000000000", "7199-notes", "somebody-7199"];
    for (const name of copies) await nomad.register({ ...job, ID: name, Name: name });
    // Orphans are looked for after each snapshot, and given half a minute.
    await recoveries.measure("an orphan (30 s of grace, and up to 60 s to a snapshot)", () =>
      until("the orphan's end", async () => (await nomad.job(copies[0] ?? "")) === undefined, {
        within: 120_000,
      }),
    );
    for (const name of copies.slice(1)) {
      expect(await nomad.job(name)).toBeDefined();
      await nomad.purge(name);
    }
  });

  test("200 executions at once with http_max_conns_per_client at 100: each ends, none hangs", async () => {
    const runners: Runner[] = [];
    for (let count = 0; count < 3; count += 1) runners.push(await server.client.claim(ENVIRONMENT));
    const executions = await recoveries.measure("200 executions at once have ended", () =>
      Promise.all(
        Array.from({ length: 200 }, (_, index) => {
          const runner = runners[index % runners.length];
          if (runner === undefined) throw new Error("no runner");
          return server.client.run(runner, { command: `echo number ${index}; exit ${index % 100}` });
        }),
      ),
    );
    const done = executions.filter(({ last }) => last?.type === "exit");
    for (const [index, { stdout, last, code }] of executions.entries()) {
      expect(code).toBe(1000);
      if (last?.type === "exit") expect([stdout, last.data]).toEqual([`number ${index}\r\n`, index % 100]);
      else expect(last).toEqual({ type: "error", data: "Error executing the request" });
    }
    recoveries.note(
      "of 200 executions at once ended with their exit code, the others with an error",
      String(done.length),
    );
    for (const { id } of runners) await server.release(id);
    await exact(0);
    expect(await until("service", () => server.serves(ENVIRONMENT), LONG)).toBe(true);
  });
});
