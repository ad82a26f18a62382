import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { chooseExecutor } from "../../src/agent/executors/choose.js";
import { silentLogger } from "../../src/telemetry/silent-logger.js";
import { Lab } from "../support/lab.js";
import type { TestServer } from "../support/server.js";

/** Only a connection broke (execution.md, "Ways an execution ends", last row). */
describe("sessions that break while the runner lives", () => {
  let lab: Lab;
  let server: TestServer;

  beforeAll(async () => {
    const executor = await chooseExecutor({ logger: silentLogger });
    lab = await Lab.start({ executor, emulateExecTruncation: true });
    server = await lab.server();
    await server.client.put(1, { prewarmingPoolSize: 1, memoryLimit: 256 });
  });
  afterEach(() => lab.fault());
  afterAll(() => lab.stop());

  const FAILED = { type: "error", data: "Error executing the request" };

  async function running(command: string) {
    const runner = await server.client.claim(1);
    const execution = await server.client.start(runner, { command });
    await execution.stdout("on");
    return { runner, execution };
  }

  async function breakSessions(runnerId: string): Promise<void> {
    await lab.fault({ fault: "cut-exec", allocation: (await lab.allocation(runnerId)).ID });
  }

  test("the client gets an error, the process is ended, the runner stays", async () => {
    const { runner, execution } = await running("echo on; sleep 98765; sleep 98765");
    await breakSessions(runner.id);
    const { last, code } = await execution.result;
    expect([last, code]).toEqual([FAILED, 1000]);
    const left = async (): Promise<string> => {
      const command = 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " " | grep -c "sleep 9876[5]"';
      return (await server.client.run(runner, { command, privilegedExecution: true })).stdout;
    };
    await expect.poll(left, { timeout: 10_000, interval: 200 }).toBe("0\r\n");
    expect((await server.client.run(runner, { command: "echo alive" })).stdout).toBe("alive\r\n");
    expect((await server.client.release(runner)).status).toBe(204);
  });

  test("a process that does not end takes its runner along", async () => {
    const { runner, execution } = await running('trap "" QUIT; echo on; while :; do sleep 1; done');
    await breakSessions(runner.id);
    expect((await execution.result).last).toEqual(FAILED);
    await expect.poll(() => server.statusOf(runner.id), { timeout: 20_000 }).toBe(410);
    await server.settled(1, { idle: 1, used: 0 });
  });

  test("a command that was to end already is ended all the same", async () => {
    const { runner, execution } = await running("trap : QUIT; echo on; while :; do sleep 0.1; done");
    execution.ws.terminate();
    await execution.result;
    await breakSessions(runner.id);
    await expect.poll(() => server.statusOf(runner.id), { timeout: 20_000 }).toBe(410);
  });
});
