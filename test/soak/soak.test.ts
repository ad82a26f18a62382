import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { chooseExecutor } from "../../src/agent/executors/choose.js";
import { silentLogger } from "../../src/telemetry/silent-logger.js";
import { ApiClient } from "../api/suite/client.js";
import { Lab } from "../support/lab.js";
import { until } from "../support/until.js";
import { type CycleContext, cycle } from "./cycle.js";
import { Dice } from "./dice.js";
import { becomeExact, deadJobs } from "./exactness.js";
import { injectFault } from "./faults.js";
import { Ledger } from "./ledger.js";
import { type Holdings, ServerProcess } from "./server-process.js";

const MINUTES = Number(process.env["POSEIDON_SOAK_MINUTES"] ?? 3);
const SEED = Number(process.env["POSEIDON_SOAK_SEED"] ?? Date.now() % 1_000_000);
const MINUTE = 60_000;
const TOKEN = "token of the soak";
/** Environment ids and their pool sizes. */
const POOLS = new Map([
  [60, 4],
  [61, 2],
]);
const USERS = 4;
/** What may come on top between two quiet moments, of caches and connections, and of pages that the allocator keeps; however long the soak. */
const TOLERANCE = { timers: 20, handles: 20, heap: 12_000_000, rss: 60_000_000 };

it(`${MINUTES} minutes of cycles, faults and kills: nothing is lost, nothing comes twice, all stays flat`, {
  timeout: (MINUTES + 10) * MINUTE,
}, async () => {
  const lab = await Lab.start({
    executor: await chooseExecutor({ logger: silentLogger }),
    emulateExecTruncation: true,
    delayScale: 0.05,
  });
  const { host, port, token } = lab.nomad;
  const server = await ServerProcess.create({
    POSEIDON_SERVER_TOKEN: TOKEN,
    POSEIDON_NOMAD_ADDRESS: host,
    POSEIDON_NOMAD_PORT: String(port),
    POSEIDON_NOMAD_TOKEN: token,
    POSEIDON_NOMAD_DISABLEFORCEPULL: "true",
    POSEIDON_NOMAD_SNAPSHOTINTERVAL: "5",
  });
  const client = new ApiClient({
    baseUrl: `http://127.0.0.1:${server.port}`,
    token: TOKEN,
    image: "any",
    firstEnvironmentId: 60,
    twoUsers: false,
    mapsPorts: false,
    separateStderr: true,
  });
  const ledger = new Ledger();
  const recoveries: number[] = [];
  let kills = 0;
  let faulty = false;
  let passed = false;
  const leftToNomad = new Set<string>();
  const dice = { users: new Dice(SEED), faults: new Dice(SEED + 1) };
  const context: CycleContext = {
    client,
    ledger,
    dice: dice.users,
    environments: [...POOLS.keys()],
    kills: () => kills,
    faulty: () => faulty,
  };
  const figures: Record<string, string | number> = { seed: SEED };

  /** The server serves again; how long that took. */
  async function recover(): Promise<void> {
    const began = performance.now();
    server.start();
    await until(
      "the server's recovery",
      async () => (await client.call("GET", "/execution-environments")).status === 200,
      { within: 60_000 },
    );
    recoveries.push(performance.now() - began);
    for (const id of await until("a list of jobs", () => deadJobs(lab))) leftToNomad.add(id);
  }

  /** Users and faults side by side for `ms`; then all faults are over and every user has gone. */
  async function busy(ms: number, options: { readonly faults: boolean }): Promise<void> {
    const end = performance.now() + ms;
    faulty = options.faults;
    const users = Array.from({ length: USERS }, async () => {
      while (performance.now() < end) {
        const refused = performance.now();
        await cycle(context);
        // An empty pool or an absent server answers at once: others have to get their turn.
        if (performance.now() - refused < 20) await pause(50);
      }
    });
    while (performance.now() < end) {
      if (options.faults) await injectFault(lab, { ...context, dice: dice.faults });
      await pause(400);
    }
    await lab.fault();
    await Promise.all(users);
  }

  async function killAndRestart(): Promise<void> {
    kills += 1;
    await server.kill();
    await recover();
    // What broke by the kill is told apart from what breaks later.
    kills += 1;
    ledger.count("kills");
  }

  async function exact(what: string): Promise<void> {
    const began = performance.now();
    await becomeExact(what, { lab, client, server, pools: POOLS, leftToNomad });
    figures[`${what}, after s`] = seconds(performance.now() - began);
  }

  const watch = new AbortController();
  const watching = watchHoldings();

  try {
    await recover();
    for (const [id, prewarmingPoolSize] of POOLS) {
      expect((await client.put(id, { prewarmingPoolSize, memoryLimit: 200 })).status).toBe(201);
    }
    const part = (MINUTES * MINUTE) / 4;
    // A time without faults: then nothing at all may fail.
    await busy(part / 2, { faults: false });
    await settleFaults();
    for (const _ of [1, 2]) {
      await Promise.all([busy(part, { faults: true }), pause(part / 2).then(killAndRestart)]);
    }
    await settleFaults();
    // And one that is stopped as it should be: what it reserved is free again, and what a killed one left undone is taken over.
    kills += 1;
    await server.stop();
    await recover();
    kills += 1;
    await busy(part / 2, { faults: true });
    await exact("pools exact in the middle");
    const before = await server.holdings();
    await busy(part, { faults: true });
    await exact("pools exact at the end");
    const after = await server.holdings();
    watch.abort();
    describeHoldings(before, after, await watching);
    figures["recoveries, s"] = recoveries.map(seconds).join(", ");
    console.log(`soak of ${MINUTES} minutes\n${ledger.report(figures)}`);
    const wrong = [...ledger.lost, ...ledger.twice, ...server.complaints];
    expect(wrong, wrong.slice(0, 10).join("\n")).toEqual([]);
    expect(server.deaths).toBe(0);
    for (const what of ["timers", "handles", "heap", "rss"] as const) {
      expect({ what, grew: after[what] - before[what] < TOLERANCE[what] }).toEqual({ what, grew: true });
    }
    passed = true;
  } catch (error) {
    console.log(`soak of ${MINUTES} minutes, failed\n${ledger.report(figures)}\n${server.log}`);
    console.log([...ledger.lost, ...ledger.twice, ...server.complaints].slice(0, 50).join("\n"));
    throw error;
  } finally {
    watch.abort();
    await client.close();
    await server.stop();
    await lab.stop();
    if (passed) server.forgetLog();
  }

  /** Faults that are over may still be felt for a moment; a snapshot mends the rest. */
  async function settleFaults(): Promise<void> {
    await lab.fault();
    faulty = true;
    await pause(6_000);
    faulty = false;
  }

  /** What the server held over time, but for when there was none. */
  async function watchHoldings(): Promise<Holdings[]> {
    const all: Holdings[] = [];
    while (!watch.signal.aborted) {
      const held = await server.holdings().catch(() => undefined);
      if (held !== undefined) all.push(held);
      await sleep(15_000, undefined, { signal: watch.signal }).catch(() => undefined);
    }
    return all;
  }

  function describeHoldings(before: Holdings, after: Holdings, all: readonly Holdings[]): void {
    const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
    const over = (what: "heap" | "rss") => all.map((held) => (held[what] / 1e6).toFixed(0)).join(" ");
    figures["heap, MB, every 15 s"] = over("heap");
    figures["resident, MB, every 15 s"] = over("rss");
    figures["timers, middle and end"] = `${before.timers}, ${after.timers}`;
    figures["handles, middle and end"] = `${before.handles}, ${after.handles}`;
    figures["heap, middle and end"] = `${mb(before.heap)}, ${mb(after.heap)}`;
    figures["resident, middle and end"] = `${mb(before.rss)}, ${mb(after.rss)}`;
  }
});

const seconds = (ms: number): string => (ms / 1_000).toFixed(1);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
