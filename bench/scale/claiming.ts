import { setTimeout as sleep } from "node:timers/promises";
import type { BenchClient } from "../client.js";

/** What regular claims showed. */
export interface Claims {
  /** The answers' times, ms. */
  readonly times: readonly number[];
  /** Claims and returns that were refused. */
  readonly failed: number;
}

/** Claims a runner every `period` ms for `duration` ms, of one environment after the other, and gives each back. */
export async function claimRegularly(
  client: BenchClient,
  options: {
    readonly environments: number;
    readonly period: number;
    readonly duration: number;
    readonly signal: AbortSignal;
  },
): Promise<Claims> {
  const { environments, period, duration, signal } = options;
  const times: number[] = [];
  const returns: Promise<void>[] = [];
  let failed = 0;
  const refused = (): void => {
    failed += 1;
  };
  const begin = performance.now();
  for (let count = 0; performance.now() - begin < duration; count += 1) {
    signal.throwIfAborted();
    const start = performance.now();
    const runner = await client.claim(1 + (count % environments)).catch(refused);
    if (typeof runner === "string") {
      times.push(performance.now() - start);
      returns.push(client.giveBack(runner).catch(refused));
    }
    await sleep(Math.max(0, begin + (count + 1) * period - performance.now()));
  }
  await Promise.all(returns);
  return { times, failed };
}

/**
 * ms from a claim until the pool is full again, which the server learns from events alone: how far behind it is. The environment must have a full
 * pool and be nobody else's.
 */
export async function refillOnce(client: BenchClient, environmentId: number, size: number): Promise<number> {
  await client.untilIdle(environmentId, size);
  const runner = await client.claim(environmentId);
  const start = performance.now();
  await client.untilIdle(environmentId, size);
  const took = performance.now() - start;
  await client.giveBack(runner);
  return took;
}
