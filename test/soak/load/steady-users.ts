import { expect } from "vitest";
import { SERVER_TOKEN } from "../../support/activated-server.js";
import { claimLoad } from "../../support/load/claims.js";
import { Connections } from "../../support/load/connections.js";
import { executionLoad } from "../../support/load/executions.js";
import { until } from "../../support/until.js";
import { NOTHING } from "./agent-process.js";

/** Claims a second, and executions a second. */
const RATE = Number(process.env.POSEIDON_LOAD_RATE ?? 50);
const PATIENT = { within: 150_000, every: 50 };
const CLAIMED = { id: 1, prewarmingPoolSize: 200, cpuLimit: 1, memoryLimit: 10, image: NOTHING };
const EXECUTING = { id: 2, prewarmingPoolSize: 16, cpuLimit: 20, memoryLimit: 100, image: "any" };

/** Users who claim and return runners, and others who run commands in theirs, both at the rate, until they are stopped. */
export async function steadyUsers(port: number, { ca }: { readonly ca?: readonly string[] } = {}) {
  const origin = `${ca ? "https" : "http"}://127.0.0.1:${port}`;
  const target = { origin, token: SERVER_TOKEN, ...(ca && { ca }) };
  const connections = new Connections(target);
  for (const settings of [CLAIMED, EXECUTING]) {
    await connections.call("PUT", `/execution-environments/${settings.id}`, {
      expected: 201,
      body: settings,
    });
  }
  const idle = async (id: number): Promise<number> => {
    const text = await connections.call("GET", "/statistics/execution-environments", { expected: 200 });
    return (JSON.parse(text) as Record<number, { idleRunners: number }>)[id]?.idleRunners ?? 0;
  };
  const full = async ({ id, prewarmingPoolSize }: typeof CLAIMED) =>
    await until("a full pool", async () => (await idle(id)) === prewarmingPoolSize, PATIENT);
  await full(CLAIMED);
  await full(EXECUTING);
  const runners = await Promise.all(
    Array.from({ length: EXECUTING.prewarmingPoolSize }, async () => {
      const body = { executionEnvironmentId: EXECUTING.id, inactivityTimeout: 0 };
      const text = await connections.call("POST", "/runners", { expected: 200, body });
      return (JSON.parse(text) as { runnerId: string }).runnerId;
    }),
  );
  const claims = claimLoad(connections, { environmentId: CLAIMED.id, rate: RATE });
  const executions = executionLoad(connections, { target, runners, rate: RATE });
  const failures = () => [...claims.failures, ...executions.failures];
  const reached: string[] = [];
  const untilMore = async (count: number): Promise<void> => {
    const [claimed, executed] = [claims.done + count, executions.done + count];
    await until(
      `${count} more claims and executions`,
      () => failures().length > 0 || (claims.done >= claimed && executions.done >= executed),
      PATIENT,
    );
    expect(failures()).toEqual([]);
  };
  return {
    /** Resolves once so many more of both have ended well; rejects at a failure. What the second half of them was done at is told at the stop. */
    async more(count: number): Promise<void> {
      await untilMore(count / 2);
      const [claimed, executed, since] = [claims.done, executions.done, performance.now()];
      await untilMore(count / 2);
      const seconds = (performance.now() - since) / 1_000;
      reached.push(
        `${((claims.done - claimed) / seconds).toFixed(0)} + ${((executions.done - executed) / seconds).toFixed(0)}`,
      );
    },
    /** Fails at any failure; gives a line with what was done. */
    async stop(): Promise<string> {
      const rates = await Promise.all([claims.stop(), executions.stop()]);
      await connections.close();
      expect(failures()).toEqual([]);
      const [claimed = "", executed = ""] = rates.map((rate) => rate.toFixed(1));
      return (
        `${claims.done} claims (${claimed} a second of ${RATE}; ${claims.skipped} not made for want of runners), ` +
        `${executions.done} executions (${executed}; ${executions.skipped} not made for want of room), ` +
        `${executions.forgotten()} of them prepared again at the successor; ` +
        `both a second in the second half between two changes: ${reached.join(", ")}`
      );
    },
  };
}
