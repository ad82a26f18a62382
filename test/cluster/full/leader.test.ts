import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Answer } from "../../api/suite/client.js";
import { serverOn } from "../../containers/suite.js";
import type { Nomad } from "../../support/nomad.js";
import type { TestServer } from "../../support/server.js";
import { until } from "../../support/until.js";
import { isFullRun, OwnCluster } from "../own-cluster.js";
import { FurtherServers } from "./further-servers.js";
import { Recoveries } from "./recovery.js";

const PORT = 4_812;
const ENVIRONMENT = 7_150;
const POOL = 3;
const LONG = { within: 90_000, every: 50 };
const LEADERLESS_MS = 30_000;

/** Three servers of Nomad that lose their leader; the node and its containers live on. */
describe.skipIf(!isFullRun)("Nomad without a leader", { timeout: 300_000 }, () => {
  const recoveries = new Recoveries();
  let cluster: OwnCluster;
  let nomad: Nomad;
  let others: FurtherServers;
  let server: TestServer;

  beforeAll(async () => {
    cluster = await OwnCluster.up({ port: PORT });
    nomad = cluster.nomad;
    others = await FurtherServers.start(cluster);
    server = await serverOn(nomad);
    await server.client.put(ENVIRONMENT, { image: cluster.image, prewarmingPoolSize: POOL });
    await server.settled(ENVIRONMENT, { idle: POOL, used: 0 }, LONG);
  }, 300_000);
  afterAll(async () => {
    recoveries.print("Recovery from the loss of Nomad's leader:");
    await server?.stop();
    await others?.killAll();
    await cluster?.down();
  }, 300_000);

  /** A new runner can be had too: Nomad takes registrations again. */
  const exact = async (used: number): Promise<void> => {
    await server.settled(ENVIRONMENT, { idle: POOL, used }, LONG);
    const living = () => nomad.livingJobIds(`${ENVIRONMENT}-`);
    await until("exact jobs", async () => (await living()).length === POOL + used, LONG);
  };

  const outcome = ({ status, text }: Answer): string => {
    const code = /"errorCode":"(\w+)"/.exec(text)?.[1];
    return code === undefined ? String(status) : `${status} ${code}`;
  };

  test("for 30 s: what runs goes on, what needs Nomad says so, nothing is lost", async () => {
    const runner = await server.client.claim(ENVIRONMENT, 600);
    await exact(1);
    await server.client.write(runner, "kept", "content");
    const execution = await server.client.start(runner, { command: "echo before; exec cat" });
    await execution.stdout("before\r\n");
    await others.killAll();
    const gone = performance.now();
    const refused = await until(
      "an environment that cannot be made",
      async () => {
        const answer = await server.client.put(ENVIRONMENT + 1, { image: cluster.image });
        if (answer.status === 500) return answer;
        return void (await server.client.call("DELETE", `/execution-environments/${ENVIRONMENT + 1}`));
      },
      LONG,
    );
    expect(outcome(refused)).toBe("500 NOMAD_UNREACHABLE");
    // From memory, and by the node alone.
    expect((await server.client.call("GET", `/execution-environments/${ENVIRONMENT}`)).status).toBe(200);
    execution.send("meanwhile\n");
    await execution.stdout("meanwhile\r\nmeanwhile\r\n");
    expect((await server.client.run(runner, { command: "cat kept" })).stdout).toBe("content");
    // Those marked ahead are handed out; then each claim says why not.
    const claimed: string[] = [];
    let answer = await server.claim(ENVIRONMENT, 600);
    for (; answer.status === 200; answer = await server.claim(ENVIRONMENT, 600)) {
      const { runnerId } = answer.json();
      claimed.push(runnerId);
      const { stdout } = await server.client.run({ id: runnerId, mappedPorts: [] }, { command: "echo here" });
      expect(stdout).toBe("here\r\n");
    }
    expect(claimed.length).toBeGreaterThan(0);
    expect(outcome(answer)).toMatch(/^500 NOMAD_(UNREACHABLE|OVERLOAD)$/);
    const [given = ""] = claimed.splice(0, 1);
    recoveries.note(
      "the answer when a runner is given back without a leader",
      outcome(await server.release(given)),
    );
    expect(await server.statusOf(given)).toBe(410);
    await new Promise((resolve) => setTimeout(resolve, LEADERLESS_MS - (performance.now() - gone)));
    others.startAll();
    await recoveries.measure("until Nomad has a leader again", () =>
      until("a leader", async () => (await nomad.call("GET", "/v1/jobs")).status === 200, LONG),
    );
    await recoveries.measure("no leader for 30 s, then one", () =>
      until("service", () => server.serves(ENVIRONMENT), LONG),
    );
    await recoveries.measure("and all exact again", () => exact(1 + claimed.length));
    expect(await nomad.job(given)).toBeUndefined();
    // What was asked for is worked on, whatever the client was told.
    await server.settled(ENVIRONMENT + 1, { idle: 1, used: 0 }, LONG);
    await server.client.call("DELETE", `/execution-environments/${ENVIRONMENT + 1}`);
    expect(await nomad.job(`template-${ENVIRONMENT + 1}`)).toBeUndefined();
    // What was handed out meanwhile is marked as claimed, with its own timeout.
    for (const id of [runner.id, ...claimed]) {
      expect(await server.statusOf(id)).toBe(200);
      await until(
        "the mark",
        async () => {
          const { used, timeout, reserved } = (await nomad.meta(id)) ?? {};
          return used === "true" && timeout === "600" && reserved === undefined;
        },
        LONG,
      );
    }
    execution.send("after\n");
    await execution.stdout("after\r\nafter\r\n");
    expect((await server.client.download(runner, { path: "kept" })).text).toBe("content");
    for (const id of [runner.id, ...claimed]) await server.release(id);
    await exact(0);
  });

  test("the leader is killed, the other two elect one", async () => {
    const runner = await server.client.claim(ENVIRONMENT);
    const execution = await server.client.start(runner, { command: "echo before; exec cat" });
    await execution.stdout("before\r\n");
    await exact(1);
    const leader = await others.lead();
    expect(await until("service", () => server.serves(ENVIRONMENT), LONG)).toBe(true);
    await exact(1);
    await leader.end("SIGKILL");
    await recoveries.measure("the leader is killed: until served, Nomad's election included", () =>
      until("service", () => server.serves(ENVIRONMENT), LONG),
    );
    await exact(1);
    execution.send("after\n");
    await execution.stdout("after\r\nafter\r\n");
    leader.start();
    await server.release(runner.id);
    await exact(0);
    expect(await until("service", () => server.serves(ENVIRONMENT), LONG)).toBe(true);
    await exact(0);
  });
});
