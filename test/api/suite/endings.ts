import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiClient, Runner } from "./client.js";

/** Ways an execution ends other than by itself (execution.md, "Ways an execution ends"). */
export function endingSuite(client: () => ApiClient): void {
  describe("endings", () => {
    const environment = (): number => client().target.firstEnvironmentId + 20;

    beforeAll(async () => {
      await client().put(environment(), { prewarmingPoolSize: 2 });
    });

    afterAll(async () => {
      await client().call("DELETE", `/execution-environments/${environment()}`);
    });

    /** Resolves when no execution's pipe for stderr is left in a runner. */
    const noPipes = async (runner: Runner): Promise<void> => {
      // Others may have pipes in a /tmp that is the machine's.
      if (client().target.sharesMachine) return;
      const pipes = async (): Promise<string[]> => {
        const { files } = (await client().list(runner, { path: "/tmp", recursive: "false" })).json();
        return files
          .map(({ name }: { name: string }) => name)
          .filter((name: string) => name.endsWith(".fifo"));
      };
      await expect.poll(pipes, { timeout: 10_000, interval: 200 }).toEqual([]);
    };

    test("the time limit gives timeout, and nothing after; the runner stays, without a pipe", async () => {
      const runner = await client().claim(environment());
      const { messages, last, code } = await client().run(runner, {
        command: "echo on; sleep 100; echo late",
        timeLimit: 1,
      });
      expect(messages[0]).toEqual({ type: "start" });
      expect([last, code]).toEqual([{ type: "timeout" }, 1000]);
      await noPipes(runner);
      expect((await client().run(runner, { command: "echo alive" })).stdout).toBe("alive\r\n");
      await client().release(runner);
    });

    test("a command that ignores the time limit takes its runner along", async () => {
      const runner = await client().claim(environment());
      // Before its trap is set, it ignores nothing.
      const command = 'trap "" QUIT INT TERM; echo on; while :; do sleep 1; done';
      const { stdout, last } = await client().run(runner, { command, timeLimit: 4 });
      expect([stdout, last]).toEqual(["on\r\n", { type: "timeout" }]);
      await expect.poll(async () => (await client().list(runner)).status, { timeout: 20_000 }).toBe(410);
    });

    test("a command ends when its client goes; the runner stays, without a pipe", async () => {
      const runner = await client().claim(environment());
      for (const how of ["close", "terminate"] as const) {
        // Bash ignores SIGQUIT: what prints the word must be what is to be ended.
        const command = "echo on >m98765; exec tail -f m98765";
        const execution = await client().start(runner, { command });
        await execution.stdout("on");
        execution.ws[how]();
        await execution.result;
        const left = async (): Promise<string> => {
          const look = 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " " | grep -c "tail -f m9876[5]"';
          return (await client().run(runner, { command: look, privilegedExecution: true })).stdout;
        };
        await expect.poll(left, { timeout: 10_000, interval: 200 }).toBe("0\r\n");
        await noPipes(runner);
      }
      expect((await client().run(runner, { command: "echo alive" })).stdout).toBe("alive\r\n");
      await client().release(runner);
    });

    test("a runner that is deleted tells its executions", async () => {
      const runner = await client().claim(environment());
      const execution = await client().start(runner, { command: "echo on; sleep 100" });
      await execution.stdout("on");
      expect((await client().release(runner)).status).toBe(204);
      const { last, code } = await execution.result;
      expect([last, code]).toEqual([{ type: "error", data: "the allocation stopped as expected" }, 1000]);
      expect((await client().release(runner)).status).toBe(410);
    });

    test("the inactivity timeout ends what runs, and the runner", async () => {
      const runner = await client().claim(environment(), 1);
      const { last } = await client().run(runner, { command: "sleep 100" });
      expect(last).toEqual({ type: "timeout" });
      await expect.poll(async () => (await client().list(runner)).status, { timeout: 10_000 }).toBe(410);
    });

    test("a runner without inactivity timeout stays", async () => {
      const runner = await client().claim(environment(), 0);
      expect((await client().run(runner, { command: "sleep 2; echo done" })).stdout).toBe("done\r\n");
      expect((await client().list(runner)).status).toBe(200);
      await client().release(runner);
    });

    test("a client that does not read loses nothing", async () => {
      const runner = await client().claim(environment());
      const execution = await client().start(runner, {
        command: "for ((i = 0; i < 400000; i++)); do echo line $i padding; done",
      });
      await execution.started();
      execution.ws.pause();
      // Another execution runs meanwhile.
      expect((await client().run(runner, { command: "echo other" })).stdout).toBe("other\r\n");
      execution.ws.resume();
      const { stdout, last } = await execution.result;
      expect(last).toEqual({ type: "exit", data: 0 });
      expect(stdout.endsWith("line 399999 padding\r\n")).toBe(true);
      expect(stdout.split("\r\n")).toHaveLength(400_001);
      await client().release(runner);
    });
  });
}
