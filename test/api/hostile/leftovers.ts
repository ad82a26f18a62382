import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiClient, Runner } from "../suite/client.js";
import { processesWith } from "./processes.js";

/** A time to sleep that nothing else on the machine sleeps, seconds. */
const uniqueTime = (): string => `9${randomInt(10_000_000, 99_999_999)}`;

/** What is left running in a runner on purpose goes with it (execution.md, "Ways an execution ends"). */
export function leftoverSuite(client: () => ApiClient): void {
  describe("what is left behind in a runner", () => {
    const environment = (): number => client().target.firstEnvironmentId + 43;

    beforeAll(async () => {
      await client().put(environment(), { prewarmingPoolSize: 2, memoryLimit: 256 });
    });
    afterAll(async () => {
      await client().call("DELETE", `/execution-environments/${environment()}`);
    });

    async function left(runner: Runner, time: string, command: string, privileged: boolean): Promise<void> {
      const { last } = await client().run(runner, {
        command: `${command} 2>/dev/null; echo`,
        environment: { TIME: time },
        privilegedExecution: privileged,
      });
      expect(last).toEqual({ type: "exit", data: 0 });
    }

    const gone = (time: string) =>
      expect.poll(() => processesWith(time), { timeout: 30_000, interval: 100 }).toEqual([]);

    test.each([false, true])("goes with it, whatever it ignores; privileged: %s", async (privileged) => {
      const runner = await client().claim(environment());
      const time = uniqueTime();
      const ignoring = 'trap "" HUP INT QUIT TERM TSTP PIPE;';
      await left(runner, time, `${ignoring} (setsid nohup sleep $TIME >/dev/null 2>&1 &)`, privileged);
      await left(
        runner,
        time,
        `${ignoring} (setsid setsid sleep $TIME <&- >&- 2>&- &); sleep $TIME &`,
        privileged,
      );
      await expect.poll(async () => (await processesWith(time)).length).toBeGreaterThan(1);
      // It does not keep the runner from serving.
      expect((await client().run(runner, { command: "echo on" })).stdout).toBe("on\r\n");
      expect((await client().release(runner)).status).toBe(204);
      await gone(time);
    });

    test("a storm of forks: the runner answers, and all of it goes", async () => {
      const runner = await client().claim(environment());
      const time = uniqueTime();
      const storm =
        'trap "" HUP INT QUIT TERM; for ((i = 0; i < 40; i++)); do (setsid bash -c "while :; do sleep $TIME & sleep 0.05; kill -9 \\$!; wait; done" >/dev/null 2>&1 &); done';
      await left(runner, time, storm, false);
      expect(await client().list(runner)).toMatchObject({ status: 200 });
      expect((await client().run(runner, { command: "exit 7" })).last).toEqual({ type: "exit", data: 7 });
      expect((await client().release(runner)).status).toBe(204);
      await gone(time);
    });

    test("a time limit that the command ignores takes all of it along", async () => {
      const runner = await client().claim(environment());
      const time = uniqueTime();
      const { last } = await client().run(runner, {
        command: 'trap "" HUP INT QUIT TERM; setsid sleep $TIME & while :; do sleep 1; done',
        environment: { TIME: time },
        timeLimit: 1,
      });
      expect(last).toEqual({ type: "timeout" });
      await expect.poll(async () => (await client().list(runner)).status, { timeout: 30_000 }).toBe(410);
      await gone(time);
    });
  });
}
