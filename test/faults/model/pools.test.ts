import fc from "fast-check";
import { expect, it } from "vitest";
import { beginning, commands } from "./commands.js";
import { emptyModel, World } from "./world.js";

/** How many stories are told, and which: the same ones each time, but for whoever wants others. */
const RUNS = Number(process.env.MODEL_RUNS ?? 5);
const SEED = Number(process.env.MODEL_SEED ?? 20_260);

it(`pools and runners do what a small model of them does (${RUNS} stories, seed ${SEED})`, async () => {
  let told = 0;
  const property = fc.asyncProperty(commands, async (story) => {
    const world = await World.create();
    try {
      await fc.asyncModelRun(() => ({ model: emptyModel(), real: world }), [...beginning, ...story]);
      told += 1;
    } finally {
      await world.stop();
    }
  });
  await fc.assert(property, { numRuns: RUNS, seed: SEED });
  expect(told).toBe(RUNS);
}, 600_000);
