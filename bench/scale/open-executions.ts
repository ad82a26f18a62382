import { setTimeout as sleep } from "node:timers/promises";
import { forEachLimit } from "../../src/lib/for-each-limit.js";
import { execute } from "../execution.js";
import { percentile } from "../measure/statistics.js";
import { fillEnvironments } from "./environments.js";
import type { LoadLab } from "./lab.js";
import type { Figures } from "./series.js";

const EACH = 10;
/** Seconds that each goes on beyond the time in which all are opened. */
const BEYOND = 15;
/** Executions that are surely opened in a second. */
const OPENED_A_SECOND = 40;
const PERIOD = 1_000;
const OPENED_AT_ONCE = 20;

/** Many executions open at the same time, each printing a line a second: how late the lines are, what they cost. */
export async function measureOpenExecutions(lab: LoadLab, executions: number): Promise<Figures> {
  const { client } = lab.server;
  const runners = Math.ceil(executions / EACH);
  await fillEnvironments(client, { environments: 1, runnersEach: runners });
  const claimed = await Promise.all(Array.from({ length: runners }, () => client.claim(1)));
  await client.untilIdle(1, runners);
  const lines = BEYOND + Math.ceil(executions / OPENED_A_SECOND);
  const delays: number[] = [];
  const ends: Promise<unknown>[] = [];
  const onOutput = (data: string): void => {
    for (const line of data.split("\r\n")) if (line !== "") delays.push(Date.now() - Number(line));
  };
  const slots = Array.from({ length: executions }, (_, index) => claimed[index % runners] ?? "");
  const opening = await lab.watch(() =>
    forEachLimit(OPENED_AT_ONCE, slots, async (runner) => {
      await new Promise<void>((resolve) => {
        const first = (data: string): void => {
          onOutput(data);
          resolve();
        };
        ends.push(execute(client, runner, `tick ${lines} ${PERIOD}`, { onOutput: first }).finally(resolve));
      });
    }),
  );
  return await finish(lab, { executions, opening: opening.ms, delays, ends });
}

async function finish(
  lab: LoadLab,
  opened: {
    readonly executions: number;
    readonly opening: number;
    readonly delays: number[];
    readonly ends: readonly Promise<unknown>[];
  },
): Promise<Figures> {
  const { executions, delays, ends } = opened;
  delays.length = 0;
  const open = await lab.watch(() => sleep(5_000));
  const printed = delays.length;
  const running = (await lab.server.client.metrics()).find(
    ({ name }) => name === "poseidon_executions_running",
  );
  const results = await Promise.allSettled(ends);
  const failed = results.filter(({ status }) => status === "rejected").length;
  const after = await lab.watch(() => sleep(1_000));
  return {
    "opening all": { unit: "ms", value: opened.opening },
    "open at the same time": { unit: "", value: running?.value ?? Number.NaN },
    "lines a second": { unit: "/s", value: printed / (open.ms / 1_000) },
    "a line's way, median": { unit: "ms", value: percentile(delays, 0.5) },
    "a line's way, p99": { unit: "ms", value: percentile(delays, 0.99) },
    "event loop's p99 delay": { unit: "ms", value: open.loop.p99, goal: 20 },
    "server's CPU, share of a core": { unit: "%", value: (open.cpuMs / open.ms) * 100 },
    "resident memory": { unit: "MiB", value: open.memoryMiB },
    "resident memory once all have ended": { unit: "MiB", value: after.memoryMiB },
    "executions without their exit code": { unit: `of ${executions}`, value: failed, goal: 1 },
  };
}
