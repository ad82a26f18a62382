import { execute } from "../execution.js";
import { repeat, timed } from "../measure/repeat.js";
import type { ImageBench, Step, StepContext } from "./step.js";

const BURST = 30;
/** Claimed at once, more than are kept reserved and warm, so that the last is neither. */
const PAST_WARM = 3;
const REFILL = 5;

const base = { unit: "ms", better: "less", images: "once" } as const;

/** `claim`: one at a time, from a pool that is full. */
export const claim: Step = {
  ...base,
  id: "claim",
  title: "claim",
  goal: { value: 1 },
  run: (context, bench) =>
    repeat(async () => {
      await context.settled(bench.environmentId);
      const start = performance.now();
      const runner = await context.client.claim(bench.environmentId);
      const took = performance.now() - start;
      await context.client.giveBack(runner);
      return took;
    }, context.bounds),
};

/** `claim, 30 at once`: until the last of them is answered, from a pool of 30. */
export const claimBurst: Step = {
  ...base,
  id: "claim-burst",
  title: `claim, ${BURST} at once`,
  goal: { value: 60 },
  async run({ client, bounds, spareEnvironmentId: id }, { image }) {
    await client.createEnvironment(id, { image, prewarmingPoolSize: BURST, cpuLimit: 20, memoryLimit: 64 });
    try {
      return await repeat(async () => {
        await client.untilIdle(id, BURST, 300_000);
        const start = performance.now();
        const runners = await claimMany(client, id, BURST);
        const took = performance.now() - start;
        await Promise.all(runners.map((runner) => client.giveBack(runner)));
        return took;
      }, bounds);
    } finally {
      await client.deleteEnvironment(id);
    }
  },
};

/** `first command, warm`: in a runner that was just claimed and had been reserved. */
export const firstWarm: Step = {
  ...base,
  images: "each",
  id: "first-warm",
  title: "first command, warm runner",
  goal: { value: 10 },
  run: (context, bench) => firstCommand(context, bench, 1),
};

/** `first command, cold`: in a runner that nobody had prepared. */
export const firstCold: Step = {
  ...base,
  images: "each",
  id: "first-cold",
  title: "first command, cold runner",
  goal: { value: 120 },
  run: (context, bench) => firstCommand(context, bench, PAST_WARM),
};

/** `refill`: from five claims at once until five are idle again. */
export const refill: Step = {
  ...base,
  id: "refill",
  title: `refill of ${REFILL}`,
  goal: { value: 1_000 },
  run: ({ client, bounds, poolSize, settled }, { environmentId: id }) =>
    repeat(async () => {
      await settled(id);
      const start = performance.now();
      const runners = await claimMany(client, id, REFILL);
      await client.untilIdle(id, poolSize);
      const took = performance.now() - start;
      await Promise.all(runners.map((runner) => client.giveBack(runner)));
      return took;
    }, bounds),
};

function firstCommand(
  { client, bounds, settled }: StepContext,
  { environmentId: id }: ImageBench,
  claimed: number,
) {
  return repeat(async () => {
    await settled(id);
    const runners = await claimMany(client, id, claimed);
    try {
      // The last to be claimed; reserved ones go first.
      const last = runners.at(-1) ?? "";
      return await timed(() => execute(client, last, "true"));
    } finally {
      await Promise.all(runners.map((runner) => client.giveBack(runner)));
    }
  }, bounds);
}

/** Claims at once; in the order in which they were sent. */
function claimMany(client: StepContext["client"], id: number, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => client.claim(id)));
}
