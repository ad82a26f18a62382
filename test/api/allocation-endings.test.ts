import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chooseExecutor } from "../../src/agent/executors/choose.js";
import { silentLogger } from "../../src/telemetry/silent-logger.js";
import { Lab } from "../support/lab.js";
import type { TestServer } from "../support/server.js";

/** What the client hears when Nomad ends its runner's allocation (execution.md, "Ways an execution ends"). */
describe("an execution whose allocation ends", () => {
  let lab: Lab;
  let server: TestServer;

  beforeAll(async () => {
    const executor = await chooseExecutor({ logger: silentLogger });
    lab = await Lab.start({ executor, emulateExecTruncation: true });
    server = await lab.server();
    await server.client.put(1, { prewarmingPoolSize: 2, memoryLimit: 256 });
  });
  afterAll(() => lab.stop());

  const cases = [
    ["oom", "the allocation was OOM Killed"],
    ["complete", "the allocation stopped as expected"],
    ["failed", "Error executing the request"],
    ["lost", "Error executing the request"],
    ["restart", "Error executing the request"],
    ["reschedule", "Error executing the request"],
  ] as const;

  test.each(cases)("(%s) is told: %s; the runner is gone for good, the pool is exact", async (how, data) => {
    const runner = await server.client.claim(1);
    const execution = await server.client.start(runner, { command: "echo on; sleep 98765" });
    await execution.stdout("on");
    if (how === "reschedule") await lab.reschedule(runner.id);
    else await lab.kill(runner.id, how);
    const { last, code, messages } = await execution.result;
    expect([last, code]).toEqual([{ type: "error", data }, 1000]);
    expect(messages[0]).toEqual({ type: "start" });
    await expect.poll(() => server.statusOf(runner.id), { timeout: 20_000 }).toBe(410);
    await server.settled(1, { idle: 2, used: 0 }, { within: 30_000 });
    expect(await lab.jobIds("1-")).not.toContain(runner.id);
  });
});
