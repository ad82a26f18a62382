import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Allocation } from "../../../src/nomad/wire.js";
import type { Execution, Runner } from "../../api/suite/client.js";
import { serverOn } from "../../containers/suite.js";
import type { Nomad } from "../../support/nomad.js";
import type { TestServer } from "../../support/server.js";
import { until } from "../../support/until.js";
import { isFullRun, OwnCluster } from "../own-cluster.js";
import { Recoveries } from "./recovery.js";
import { SecondNode, withSecondNode } from "./second-node.js";

const run = promisify(execFile);
const PORT = 4_795;
const POOL = 4;
const LONG = { within: 90_000, every: 50 };
const BROKEN = { type: "error", data: "Error executing the request" };

/** A template job whose allocations Nomad waits for when their node is cut off. */
const waitingFor = (options: { readonly replace: boolean }) => `
job "any" {
  datacenters = ["dc1"]
  type        = "batch"
  group "default-group" {
    disconnect {
      lost_after = "1h"
      replace    = ${options.replace}
    }
    task "default-task" {
      driver = "docker"
      config { image = "replaced" }
    }
  }
}
`;

/** Two nodes, one of which is cut off while it works, and comes back. */
describe.skipIf(!isFullRun)("a node of two is lost and back", { timeout: 300_000 }, () => {
  const recoveries = new Recoveries();
  let cluster: OwnCluster;
  let nomad: Nomad;
  let second: SecondNode;
  let nodeId = "";
  let folder = "";
  let server: TestServer;

  beforeAll(async () => {
    cluster = await OwnCluster.up({ port: PORT, config: (own) => withSecondNode(own, PORT) });
    nomad = cluster.nomad;
    folder = await mkdtemp("/tmp/psd-");
    second = await SecondNode.start(cluster);
    nodeId = await until("the second node", () => nodeWith("ready"), LONG);
  }, 300_000);
  afterEach(async () => {
    await server?.stop();
    for (const id of await nomad.jobIds()) await nomad.purge(id);
  });
  afterAll(async () => {
    recoveries.print("Recovery from the loss of a node:");
    await second?.stop();
    await cluster?.down();
    await rm(folder, { recursive: true, force: true });
  }, 300_000);

  /** The second node's id once its status is this one. */
  const nodeWith = async (status: string): Promise<string | undefined> => {
    const nodes: {
      ID: string;
      Name: string;
      Status: string;
      Drivers: Record<string, { Healthy: boolean }>;
    }[] = await nomad.must("GET", "/v1/nodes");
    const node = nodes.find(({ Name }) => Name === second.name);
    if (node?.Status !== status || (status === "ready" && !node.Drivers["docker"]?.Healthy)) return undefined;
    return node.ID;
  };

  /** Starts a server with a full pool on both nodes. */
  const start = async (environment: number, template?: string): Promise<void> => {
    const file = `${folder}/${environment}.hcl`;
    if (template !== undefined) await writeFile(file, template);
    server = await serverOn(nomad, template === undefined ? {} : { POSEIDON_SERVER_TEMPLATEJOBFILE: file });
    await server.client.put(environment, { image: cluster.image, prewarmingPoolSize: POOL });
    await server.settled(environment, { idle: POOL, used: 0 }, LONG);
  };

  /** Claims until there is a runner on each node, with a command that runs in it. */
  const oneOnEach = async (environment: number): Promise<{ readonly here: Used; readonly there: Used }> => {
    const found: { here?: Used; there?: Used } = {};
    const others: Runner[] = [];
    while (found.here === undefined || found.there === undefined) {
      await server.settled(environment, { idle: POOL }, LONG);
      const runner = await server.client.claim(environment);
      const place = (await nomad.allocation(runner.id)).NodeID === nodeId ? "there" : "here";
      if (found[place] !== undefined) {
        others.push(runner);
        if (others.length > 8)
          throw new Error(`no runner on the node ${place === "there" ? "here" : "there"}`);
        continue;
      }
      await server.client.write(runner, "kept", "content");
      const execution = await server.client.start(runner, { command: "echo up >up; exec tail -f up" });
      await execution.stdout("up");
      found[place] = { runner, execution };
    }
    for (const { id } of others) await server.release(id);
    // Nomad, too, has forgotten those that were given back: tests count what is on each node.
    await exact(environment, 2);
    return { here: found.here, there: found.there };
  };

  /** Server, jobs, allocations and containers agree: a full pool, so many used runners, the template job, and nothing else. */
  const exact = async (environment: number, used: number): Promise<void> => {
    await server.settled(environment, { idle: POOL, used }, LONG);
    await until(
      "exact jobs",
      async () => (await nomad.livingJobIds(`${environment}-`)).length === POOL + used,
      LONG,
    );
    await until("exact allocations", async () => (await running()).length === POOL + used + 1, LONG);
  };
  const exactContainers = (used: number): Promise<unknown> =>
    until("exact containers", async () => (await containers()) === POOL + used + 1, LONG).catch(
      async (cause: unknown) => {
        const all: Allocation[] = await nomad.must("GET", "/v1/allocations");
        const known = all.map(({ JobID, ClientStatus, NodeID }) => [JobID, ClientStatus, NodeID]);
        throw new Error(`${await containers()} containers, and Nomad has ${JSON.stringify(known)}`, {
          cause,
        });
      },
    );

  const running = async (): Promise<Allocation[]> => {
    const all: Allocation[] = await nomad.must("GET", "/v1/allocations");
    return all.filter(({ ClientStatus }) => ClientStatus === "running");
  };
  const onSecond = async (): Promise<number> =>
    (await running()).filter(({ NodeID }) => NodeID === nodeId).length;

  /** All that run on either node, as Docker has them. */
  const containers = async (): Promise<number> => {
    const { stdout } = await run("docker", ["-H", cluster.dockerHost, "ps", "--quiet"]);
    return stdout.split("\n").filter((line) => line !== "").length;
  };

  /** Claims all that the pool has at once and runs a command in each, wherever it is: each execution ends. */
  const claimAll = async (
    environment: number,
  ): Promise<{ readonly exit: number; readonly error: number }> => {
    const claimed = await Promise.all(Array.from({ length: POOL }, () => server.claim(environment)));
    const runners = claimed
      .filter(({ status }) => status === 200)
      .map((answer) => answer.json().runnerId as string);
    const results = await Promise.all(
      runners.map((id) => server.client.run({ id, mappedPorts: [] }, { command: "echo here; exit 3" })),
    );
    const ended = results.filter(({ last }) => last?.type === "exit");
    for (const { last, stdout } of ended) expect([last?.data, stdout]).toEqual([3, "here\r\n"]);
    for (const { last } of results) if (last?.type !== "exit") expect(last).toEqual(BROKEN);
    await Promise.all(runners.map((id) => server.release(id)));
    return { exit: ended.length, error: results.length - ended.length };
  };

  test("its runners are destroyed and replaced, and nothing is left when it is back", async () => {
    const environment = 7_140;
    await start(environment);
    const { here, there } = await oneOnEach(environment);
    expect(await onSecond()).toBeGreaterThan(1);
    await second.cut();
    const { exit, error } = await recoveries.measure(
      "cut: until executions in idle runners of both nodes have ended",
      () => claimAll(environment),
    );
    recoveries.note("of these: with exit, with an error", `${exit}, ${error}`);
    await recoveries.measure("cut: until Nomad calls the node down", () =>
      until("down", () => nodeWith("down"), LONG),
    );
    await recoveries.measure(
      "a node is down: its execution has got its error, its runner is gone, the pool is exact",
      async () => {
        expect(await there.execution.result).toMatchObject({ last: BROKEN, code: 1000 });
        expect(await server.statusOf(there.runner.id)).toBe(410);
        await exact(environment, 1);
      },
    );
    expect(await until("service", () => server.serves(environment), LONG)).toBe(true);
    expect(await onSecond()).toBe(0);
    await second.mend();
    await recoveries.measure("link mended: until Nomad calls the node ready", () =>
      until("ready", () => nodeWith("ready"), LONG),
    );
    await recoveries.measure("a lost node is back: only the pool's containers run", async () => {
      await exactContainers(1);
      await exact(environment, 1);
    });
    // What was on the other node took no notice.
    expect(await server.statusOf(here.runner.id)).toBe(200);
    expect((await server.client.download(here.runner, { path: "kept" })).text).toBe("content");
    await server.release(here.runner.id);
    expect((await here.execution.result).last?.type).toBe("error");
    await exact(environment, 0);
    await until(
      "a runner on the node that is back",
      async () => (await server.serves(environment)) && (await onSecond()) > 0,
      LONG,
    );
    await exact(environment, 0);
    await exactContainers(0);
  });

  test("disconnect with replace: Nomad's replacement is taken, and one of both in the end", async () => {
    const environment = 7_141;
    await start(environment, waitingFor({ replace: true }));
    const { here, there } = await oneOnEach(environment);
    const ids = (await nomad.jobIds(`${environment}-`)).filter((id) => id !== there.runner.id);
    await second.cut();
    await until("the node's loss", () => nodeWith("disconnected"), LONG);
    await recoveries.measure(
      "disconnected, with replace: its execution has got its error, its runner is gone, the pool is exact",
      async () => {
        expect(await there.execution.result).toMatchObject({ last: BROKEN, code: 1000 });
        expect(await server.statusOf(there.runner.id)).toBe(410);
        await exact(environment, 1);
      },
    );
    // Idle ones keep their ids, and run on the node that is there.
    expect(await nomad.livingJobIds(`${environment}-`)).toEqual(expect.arrayContaining(ids));
    expect(await until("service", () => server.serves(environment), LONG)).toBe(true);
    await second.mend();
    await until("ready", () => nodeWith("ready"), LONG);
    await recoveries.measure(
      "disconnected, with replace, and back: only the pool's containers run",
      async () => {
        await exactContainers(1);
        await exact(environment, 1);
      },
    );
    expect(await claimAll(environment)).toEqual({ exit: POOL, error: 0 });
    await server.release(here.runner.id);
    await exact(environment, 0);
    await exactContainers(0);
  });

  test("disconnect without replace: runners wait for their node, and go on with it", async () => {
    const environment = 7_142;
    await start(environment, waitingFor({ replace: false }));
    const { here, there } = await oneOnEach(environment);
    const ids = await nomad.jobIds(`${environment}-`);
    const placed = (await running()).filter(({ JobID }) => JobID.startsWith(`${environment}-`));
    // Besides the used one.
    const away = placed.filter(({ NodeID }) => NodeID === nodeId).length - 1;
    expect(away).toBeGreaterThan(0);
    await second.cut();
    await until("the node's loss", () => nodeWith("disconnected"), LONG);
    // Those of the lost node are on their way, as far as the pool is concerned: nothing is made in their place.
    const { idle, starting } = { idle: POOL - away, starting: away };
    await server.settled(environment, { idle, starting, used: 2 }, LONG);
    await recoveries.measure(
      "disconnected, without replace: until a new execution in it has ended",
      async () => {
        const { last } = await server.client.run(there.runner, { command: "echo never" });
        expect(last).toEqual(BROKEN);
      },
    );
    await second.mend();
    await recoveries.measure(
      "disconnected, without replace: link mended until all are there again",
      async () => {
        await exact(environment, 2);
      },
    );
    expect(await nomad.jobIds(`${environment}-`)).toEqual(ids);
    // The command that ran all the while is still heard.
    const more = await server.client.run(there.runner, { command: "cat kept; echo more >>up" });
    expect(more.stdout).toBe("content");
    await there.execution.stdout("more");
    await server.release(there.runner.id);
    await server.release(here.runner.id);
    await exact(environment, 0);
    await exactContainers(0);
  });
});

interface Used {
  readonly runner: Runner;
  readonly execution: Execution;
}
