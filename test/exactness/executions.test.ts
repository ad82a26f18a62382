import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { warmed } from "../api/shells/place.js";
import { startOnAgent } from "../api/start-agent.js";
import { ApiClient, type Runner } from "../api/suite/client.js";
import { commandsBy } from "../api/suite/paths.js";
import { samplesAt } from "../support/samples.js";
import { type ServerProcess, startServerProcess } from "./server-process.js";

const full = process.env.POSEIDON_TEST_FULL === "1";
const runnerCount = full ? 50 : 4;
const executionCount = full ? 10_000 : 400;
/** How many executions are under way at the same time, each in a runner of its own. */
const atOnce = 4;
const MB = 1_000_000;
const MINUTES = 60_000;

/** Prints how many processes there are; its own is the only one that it starts. */
const processes = "set -- /proc/[0-9]*; echo $#";

/** Whatever was made for an execution is gone after it, however many there were (runner-shell.md). */
describe(`${executionCount} executions over ${runnerCount} runners`, () => {
  const id = 2_400;
  let target: ServerProcess;
  let client: ApiClient;
  let runners: Runner[];

  beforeAll(async () => {
    const variables = { POSEIDON_NOMAD_CONNECTIONS: "0" };
    target = await startOnAgent(id, variables, { start: startServerProcess });
    client = new ApiClient(target);
    await client.put(id, { prewarmingPoolSize: runnerCount, memoryLimit: 256 });
    runners = await Promise.all(Array.from({ length: runnerCount }, () => client.claim(id)));
    for (const runner of runners) await warmed(client, runner);
  }, 10 * MINUTES);
  afterAll(async () => {
    await client.call("DELETE", `/execution-environments/${id}`);
    await client.close();
    await target.stop();
  });

  /** Goes round the runners `count` times in all, a few at a time. */
  async function round<T>(count: number, use: (runner: Runner, number: number) => Promise<T>): Promise<T[]> {
    const results: T[] = [];
    const worker = async (first: number) => {
      for (let number = first; number < count; number += atOnce) {
        const runner = runners[number % runners.length];
        if (runner !== undefined) results.push(await use(runner, number));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, (_, first) => worker(first)));
    return results;
  }

  async function execute(count: number): Promise<void> {
    await round(count, async (runner, number) => {
      const command = `echo o${number}; echo e${number} >&2; exit ${number % 256}`;
      const { stdout, stderr, last } = await client.run(runner, { command });
      expect([stdout, stderr, last]).toEqual([
        `o${number}\r\n`,
        `e${number}\r\n`,
        { type: "exit", data: number % 256 },
      ]);
    });
  }

  /** What can pile up; the most of all runners. */
  async function figures() {
    const each = await round(runners.length, async (runner) => {
      const { stdout } = await client.run(runner, { command: processes });
      const { files } = (await client.list(runner, { path: "/tmp", recursive: "false" })).json();
      return { processes: Number(stdout), pipes: files.length as number };
    });
    return {
      processes: Math.max(...each.map((one) => one.processes)),
      pipes: Math.max(...each.map((one) => one.pipes)),
      sessions: (await samplesAt(client.target)).get("poseidon_nomad_exec_sessions_open") ?? Number.NaN,
      descriptors: target.descriptors(),
    };
  }

  it("leave descriptors, sessions, processes, pipes and memory as they were", {
    timeout: 20 * MINUTES,
  }, async () => {
    await execute(executionCount / 10);
    // Two sessions for each runner, and for each of the next two.
    const sessions = 2 * (runnerCount + 2);
    const quiet = { timeout: MINUTES, interval: 200 };
    await expect.poll(figures, quiet).toMatchObject({ pipes: 0, sessions });
    const [before, memory, fast] = [await figures(), target.memory(), await commandsBy(client, "fast")];
    await execute(executionCount);
    expect((await commandsBy(client, "fast")) - fast).toBeGreaterThan(0);
    // A terminal can be under way, and a connection be kept alive; what an execution leaves would be there a hundred times.
    const grown = async () => {
      const after = await figures();
      return {
        pipes: after.pipes,
        sessions: after.sessions,
        processes: after.processes <= before.processes + 5,
        descriptors: after.descriptors <= before.descriptors + 16,
      };
    };
    await expect.poll(grown, quiet).toEqual({ pipes: 0, sessions, processes: true, descriptors: true });
    expect(target.memory() - memory).toBeLessThan(50 * MB);
  });
});
