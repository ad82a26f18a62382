import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Retries } from "../../../src/lib/retries.js";
import { NomadError } from "../../../src/nomad/errors.js";
import { buildTemplateJob } from "../../../src/nomad/job-template.js";
import type { RegisterJob } from "../../../src/nomad/registration.js";
import type { Job } from "../../../src/nomad/wire.js";
import { goOn } from "../../../src/runner/crash-points.js";
import type { Deletions } from "../../../src/runner/deletions.js";
import { Pool } from "../../../src/runner/pool.js";
import { PoolController } from "../../../src/runner/pool-controller.js";
import { RunnerRegistry } from "../../../src/runner/registry.js";
import type { Retirement } from "../../../src/runner/retirement.js";
import { silentLogger } from "../../../src/telemetry/silent-logger.js";

const HOUR = 3_600_000;

const template = buildTemplateJob(
  7,
  {
    image: "any",
    prewarmingPoolSize: 1,
    cpuLimit: 1,
    memoryLimit: 10,
    networkAccess: false,
    exposedPorts: [],
  },
  {
    base: undefined,
    disableForcePull: false,
    network: {
      mode: "bridge",
      dns: { servers: [], searches: [], options: [] },
      cni: { args: {} },
      reservedports: [],
      dynamicports: [],
    },
  },
);

let answer: () => Error | undefined;
let tries: { readonly at: number; readonly id: string }[];
let controller: PoolController;
let retries: Retries;

beforeEach(() => {
  vi.useFakeTimers();
  // Without the random share of the delays.
  vi.spyOn(Math, "random").mockReturnValue(0);
  tries = [];
  retries = new Retries();
  const deletions = { deleteInBackground: () => undefined } as unknown as Deletions;
  const changed = () => controller.kick();
  const registry = new RunnerRegistry({ deletions, logger: silentLogger, reached: goOn, changed });
  const pool = new Pool(7, 1, template);
  registry.addPool(pool);
  controller = new PoolController({
    pool,
    registry,
    retirement: {} as Retirement,
    register: async ({ ID }: Job) => {
      tries.push({ at: Date.now(), id: ID });
      const error = answer();
      if (error !== undefined) throw error;
      return {} as Awaited<ReturnType<RegisterJob>>;
    },
    pullOnFill: false,
    trimGrace: HOUR,
    reached: goOn,
    retries,
    logger: silentLogger,
  });
});
afterEach(async () => {
  await controller.stop();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Whole seconds between the tries; a look at the figures comes up to a tick later. */
const pauses = () =>
  tries.slice(1).map(({ at }, index) => Math.round((at - (tries[index]?.at ?? 0)) / 1_000));

describe("a failed registration is tried again after 1 s, doubling to 1 min, as long as the environment lives", () => {
  it.each([
    ["refuses it", new NomadError("refused", "no"), false],
    ["does not answer", new NomadError("unreachable", "no answer"), true],
  ])("when Nomad %s", async (_, error, sameId) => {
    answer = () => error;
    controller.kick();
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(pauses().slice(0, 9)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(new Set(tries.map(({ id }) => id)).size).toBe(sameId ? 1 : tries.length);
    await controller.stop();
    const before = tries.length;
    await vi.advanceTimersByTimeAsync(HOUR);
    expect(tries).toHaveLength(before);
  });

  it("not any more once it has worked", async () => {
    answer = () => (tries.length < 3 ? new NomadError("unreachable", "no answer") : undefined);
    controller.kick();
    await vi.advanceTimersByTimeAsync(HOUR);
    expect(pauses()).toEqual([1, 2]);
  });

  it("at once when Nomad is there again", async () => {
    answer = () => (tries.length < 8 ? new NomadError("unreachable", "no answer") : undefined);
    controller.kick();
    await vi.advanceTimersByTimeAsync(64_000);
    expect(tries).toHaveLength(7);
    retries.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(tries).toHaveLength(8);
  });
});
