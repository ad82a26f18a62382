import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chooseExecutor } from "../../src/agent/executors/choose.js";
import { silentLogger } from "../../src/telemetry/silent-logger.js";
import { Lab } from "../support/lab.js";

/** A runner with network access shares the machine's loopback, where the agent listens (agent.md). */
describe("the agent, asked by a runner with network access", () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await Lab.start({ executor: await chooseExecutor({ logger: silentLogger }) });
  });
  afterAll(() => lab.stop());

  test("answers 403, whatever is asked", async () => {
    const server = await lab.server();
    await server.client.put(1, { prewarmingPoolSize: 1, memoryLimit: 256, networkAccess: true });
    const runner = await server.client.claim(1);
    const ask = (head: string) =>
      `exec 3<>/dev/tcp/127.0.0.1/${lab.port}; printf "${head} HTTP/1.0\\r\\nHost: 127.0.0.1:${lab.port}\\r\\n\\r\\n" >&3; read -r line <&3; echo "$line"`;
    for (const head of [
      "GET /v1/jobs",
      "GET /v1/agent/self",
      "DELETE /v1/job/template-1",
      "POST /v1/faults",
    ]) {
      for (const privilegedExecution of [false, true]) {
        const { stdout } = await server.client.run(runner, { command: ask(head), privilegedExecution });
        expect([head, stdout]).toEqual([head, expect.stringMatching(/^HTTP\/1\.1 403 /)]);
      }
    }
    expect(await lab.job("template-1")).toBeDefined();
  });
});
