import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { serverOn } from "../containers/suite.js";
import type { Nomad } from "../support/nomad.js";
import type { TestServer } from "../support/server.js";
import { until } from "../support/until.js";
import { Recoveries } from "./full/recovery.js";
import { ownNamespace } from "./nomad-place.js";

const image = process.env.POSEIDON_TEST_IMAGE ?? "poseidon-test:1";
const ENVIRONMENT = 7_320;
const LONG = { within: 60_000 };

/** Something between server and Nomad that cuts, bars, is slow, and closes what is idle. */
describe("a proxy before a real Nomad", () => {
  const recoveries = new Recoveries();
  let nomad: Nomad;
  let server: TestServer;

  beforeAll(async () => {
    nomad = await ownNamespace("proxy");
    server = await serverOn(nomad);
    await server.client.put(ENVIRONMENT, { image, prewarmingPoolSize: 2 });
    await server.settled(ENVIRONMENT, { idle: 2, used: 0 }, LONG);
  });
  afterEach(async ({ task }) => {
    // Such a fault may not come again: what the server saw is told with it.
    if (task.result?.errors !== undefined)
      for (const line of server.lines.slice(-80)) console.log(JSON.stringify(line));
    server.gate.delay(0);
    server.gate.closeIdle(0);
    await server.gate.open();
  });
  afterAll(async () => {
    recoveries.print("Recovery from faults of a proxy:");
    await server.stop();
    await nomad.removeNamespace();
  });

  const exact = async (): Promise<void> => {
    await server.settled(ENVIRONMENT, { idle: 2, used: 0 }, LONG);
    let jobs: readonly string[] = [];
    await until(
      "exact jobs",
      async () => {
        jobs = await nomad.jobIds(`${ENVIRONMENT}-`);
        return jobs.length === 2;
      },
      LONG,
    ).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}; last: ${jobs.join(", ")}`, { cause: error });
    });
  };

  test("all connections cut, five times", async () => {
    for (let round = 0; round < 5; round += 1) {
      server.gate.close();
      await server.gate.open();
      await recoveries.measure("all connections cut", () =>
        until("service", () => server.serves(ENVIRONMENT), LONG),
      );
    }
    await exact();
  });

  test("barred for a while: what needs Nomad says so, and it goes on by itself", async () => {
    server.gate.close();
    const answer = await server.client.put(ENVIRONMENT + 1, { image });
    expect([answer.status, answer.json().errorCode]).toEqual([500, "NOMAD_UNREACHABLE"]);
    expect((await server.client.call("GET", `/execution-environments/${ENVIRONMENT}`)).status).toBe(200);
    await server.gate.open();
    await recoveries.measure("barred, then open", () =>
      until("service", () => server.serves(ENVIRONMENT), LONG),
    );
    await exact();
    await server.client.call("DELETE", `/execution-environments/${ENVIRONMENT + 1}`);
  });

  test("200 ms each way: slower, and nothing else", async () => {
    server.gate.delay(200);
    for (let round = 0; round < 3; round += 1)
      expect(await until("service", () => server.serves(ENVIRONMENT), LONG)).toBe(true);
    await exact();
  });

  test("idle connections closed after a second: events are not missed", async () => {
    server.gate.closeIdle(1_000);
    server.gate.close();
    await server.gate.open();
    for (let round = 0; round < 3; round += 1) {
      expect(await until("service", () => server.serves(ENVIRONMENT), LONG)).toBe(true);
      await exact();
      // Behind the server's back, at any moment of the cutting.
      const [gone = ""] = await nomad.jobIds(`${ENVIRONMENT}-`);
      await nomad.purge(gone);
      await until("another one", async () => !(await nomad.jobIds(`${ENVIRONMENT}-`)).includes(gone), LONG);
      await exact();
    }
  });
});
