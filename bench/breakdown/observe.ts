import { setTimeout as sleep } from "node:timers/promises";
import type { BenchClient } from "../client.js";
import { execute } from "../execution.js";
import { environmentOf } from "../images.js";
import { PlainSessions } from "../measure/baseline.js";
import { percentile } from "../measure/statistics.js";
import { type NomadTarget, startServer } from "../target/server.js";
import { type BreakdownPart, breakDown, type ObservedExecution } from "./breakdown.js";
import { StampingProxy, type Stamps } from "./stamping-proxy.js";

const EXECUTIONS = 60;
/** The first ones find nothing warm. */
const NOT_COUNTED = 10;
/** Between two executions, so that what a server does behind an execution is not taken for the next one's. */
const REST_MS = 100;

/**
 * Where the time of one `true` goes: seen with a server of its own behind a proxy that stamps what its sessions send to and get from Nomad. The proxy
 * costs some tenths of a millisecond. The round trip of a message through an open session is what Nomad and its driver take of
 * the runner's part.
 */
export async function observeExecutions(
  nomad: NomadTarget,
  options: { readonly environmentId: number; readonly image: string; readonly signal: AbortSignal },
): Promise<readonly BreakdownPart[]> {
  const { environmentId, image, signal } = options;
  const proxy = new StampingProxy(nomad);
  const server = await startServer(await proxy.start(), { signal });
  const { client } = server;
  try {
    await client.createEnvironment(environmentId, environmentOf(image, 2));
    await client.untilIdle(environmentId, 2);
    const runner = await client.claim(environmentId);
    const parts = breakDown(await observe(client, { runner, proxy, signal }));
    const roundTrip = await messageRoundTrip(nomad, runner);
    return [
      ...parts,
      { name: "of Nomad's parts: a line to `cat` and back", microseconds: roundTrip * 1_000, within: true },
    ];
  } finally {
    await client.deleteEnvironment(environmentId);
    await server.stop();
    await proxy.stop();
  }
}

async function observe(
  client: BenchClient,
  {
    runner,
    proxy,
    signal,
  }: { readonly runner: string; readonly proxy: StampingProxy; readonly signal: AbortSignal },
): Promise<ObservedExecution[]> {
  const observed: ObservedExecution[] = [];
  for (let count = 0; count < EXECUTIONS; count += 1) {
    signal.throwIfAborted();
    await sleep(REST_MS);
    proxy.take();
    const start = performance.now();
    const { times } = await execute(client, runner, "true");
    if (count >= NOT_COUNTED) observed.push({ times, wire: wireOf(proxy.take(), start, times.ended) });
  }
  return observed;
}

function wireOf({ toNomad, fromNomad }: Stamps, start: number, ended: number): ObservedExecution["wire"] {
  const within = (stamps: readonly number[]): number[] =>
    stamps.map((stamp) => stamp - start).filter((stamp) => stamp <= ended);
  return {
    firstToNomad: within(toNomad)[0],
    firstFromNomad: within(fromNomad)[0],
    lastFromNomad: within(fromNomad).at(-1),
  };
}

/** ms that a line takes through an open session to `cat` in a runner and back. */
async function messageRoundTrip(nomad: NomadTarget, runnerId: string): Promise<number> {
  const sessions = new PlainSessions(nomad);
  await sessions.start();
  try {
    let heard: () => void = () => undefined;
    const target = await sessions.targetOf(runnerId);
    const handlers = { onStdout: () => heard(), onEnd: () => heard() };
    const session = await sessions.open(target, ["cat"], handlers);
    const times: number[] = [];
    for (let count = 0; count < EXECUTIONS; count += 1) {
      const start = performance.now();
      const answered = new Promise<void>((resolve) => {
        heard = resolve;
      });
      session.write(Buffer.from("x\n"));
      await answered;
      times.push(performance.now() - start);
    }
    session.endInput();
    session.close();
    return percentile(times, 0.5);
  } finally {
    await sessions.stop();
  }
}
