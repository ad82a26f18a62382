import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { samplesAt } from "../../support/samples.js";
import type { ApiClient } from "./client.js";

/** Which way commands took, by the server's own counter (runner-shell.md). */
export function pathSuite(client: () => ApiClient): void {
  describe("paths", () => {
    const environment = (): number => client().target.firstEnvironmentId + 30;

    beforeAll(async () => {
      await client().put(environment(), { prewarmingPoolSize: 2 });
    });

    afterAll(async () => {
      await client().call("DELETE", `/execution-environments/${environment()}`);
    });

    const taken = (path: "fast" | "plain"): Promise<number> => commandsBy(client(), path);

    test("commands take the fast path once their runner is warm, and never without warm runners", async () => {
      const runner = await client().claim(environment());
      const run = async (): Promise<number> => {
        expect((await client().run(runner, { command: "exit 3" })).last).toEqual({ type: "exit", data: 3 });
        return taken("fast");
      };
      if (client().target.path === "plain") {
        await run();
        expect(await taken("fast")).toBe(0);
        expect(await taken("plain")).toBeGreaterThan(0);
        return;
      }
      const before = await taken("fast");
      await expect.poll(run, { timeout: 20_000 }).toBeGreaterThan(before);
    });

    test("of forty commands in a row at least 38 are fast in a warm runner, and none without warm runners", async () => {
      const runner = await client().claim(environment());
      const run = async (): Promise<number> => {
        const [fast, plain] = [await taken("fast"), await taken("plain")];
        for (let count = 0; count < 40; count++) {
          const { last } = await client().run(runner, { command: "true" });
          expect(last).toEqual({ type: "exit", data: 0 });
        }
        const fastNow = (await taken("fast")) - fast;
        expect(fastNow + (await taken("plain")) - plain).toBe(40);
        return fastNow;
      };
      if (client().target.path === "plain") expect(await run()).toBe(0);
      // A machine that is busy lets a look at a terminal take longer than the next command waits for it.
      else await expect.poll(run, { timeout: 50_000, interval: 0 }).toBeGreaterThanOrEqual(38);
    });
  });
}

/** How many executions that are over took a path. */
export async function commandsBy(client: ApiClient, path: "fast" | "plain"): Promise<number> {
  const name = `poseidon_executions_total{path="${path}",`;
  return [...(await samplesAt(client.target))].reduce(
    (sum, [at, value]) => sum + (at.startsWith(name) ? value : 0),
    0,
  );
}
