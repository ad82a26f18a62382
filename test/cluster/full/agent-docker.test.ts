import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Agent } from "../../../src/agent/agent.js";
import { serverOn } from "../../containers/suite.js";
import { createDockerAgent } from "../../docker/docker-agent.js";
import { Nomad } from "../../support/nomad.js";
import type { TestServer } from "../../support/server.js";
import { until } from "../../support/until.js";
import { isFullRun, OwnCluster } from "../own-cluster.js";
import { Recoveries } from "./recovery.js";

const run = promisify(execFile);
const PORT = 4_829;
const ENVIRONMENT = 7_160;
const POOL = 3;
const TOKEN = "token of the agent";
const LONG = { within: 90_000, every: 50 };

/** The embedded agent with Docker containers, whose Docker ends and is started again. Of the cluster only its Docker is of use. */
describe.skipIf(!isFullRun)("faults of Docker under the embedded agent", { timeout: 300_000 }, () => {
  const recoveries = new Recoveries();
  let cluster: OwnCluster;
  let agent: Agent;
  let server: TestServer;
  let nomad: Nomad;

  beforeAll(async () => {
    cluster = await OwnCluster.up({ port: PORT });
    agent = await createDockerAgent({ token: TOKEN }, cluster.dockerHost);
    const { address, port } = await agent.start();
    nomad = new Nomad({ address: `http://${address}:${port}`, token: TOKEN, namespace: "default" });
    server = await serverOn(nomad);
    await server.client.put(ENVIRONMENT, { image: cluster.image, prewarmingPoolSize: POOL });
    await server.settled(ENVIRONMENT, { idle: POOL, used: 0 }, LONG);
  }, 300_000);
  afterAll(async () => {
    recoveries.print("Recovery from faults of Docker under the embedded agent:");
    try {
      await server?.stop();
      await agent?.stop();
    } finally {
      await cluster?.down();
    }
  }, 300_000);

  /** The server's figures, the agent's jobs and Docker's containers agree. */
  const exact = async (): Promise<void> => {
    await server.settled(ENVIRONMENT, { idle: POOL, used: 0 }, LONG);
    await until(
      "exact jobs",
      async () => (await nomad.livingJobIds(`${ENVIRONMENT}-`)).length === POOL,
      LONG,
    );
    await until("exact containers", async () => (await containers()) === POOL + 1, LONG);
  };

  const containers = async (): Promise<number> => {
    const { stdout } = await run("docker", ["-H", cluster.dockerHost, "ps", "--quiet"]);
    return stdout.split("\n").filter((line) => line !== "").length;
  };

  test.each(["SIGTERM", "SIGKILL"] as const)(
    "Docker is ended by %s and started again: executions get their error, pools are exact",
    async (signal) => {
      const runner = await server.client.claim(ENVIRONMENT);
      await server.settled(ENVIRONMENT, { idle: POOL, used: 1 }, LONG);
      const execution = await server.client.start(runner, { command: "echo up >up; exec tail -f up" });
      await execution.stdout("up");
      await cluster.kill("dockerd", signal);
      expect(await execution.result).toMatchObject({ last: { type: "error" }, code: 1000 });
      await cluster.up();
      await recoveries.measure(`Docker ended by ${signal}`, () =>
        until("service", () => server.serves(ENVIRONMENT), LONG),
      );
      if ((await server.statusOf(runner.id)) === 200) await server.release(runner.id);
      await recoveries.measure(`and all exact again`, exact);
    },
  );
});
