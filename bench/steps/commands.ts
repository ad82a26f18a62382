import { execute } from "../execution.js";
import { repeat } from "../measure/repeat.js";
import type { ImageBench, Step, StepContext } from "./step.js";

const OUTPUT_BYTES = 10_000_000;
const MAKEFILE = "all:\n\t@echo made > result.txt\n";

const base = { unit: "ms", better: "less", images: "each" } as const;

/** Which of its runners a step with one client takes. */
function firstOf({ runners }: ImageBench): string {
  const [runner] = runners;
  if (runner === undefined) throw new Error("no runner was claimed");
  return runner;
}

/** `true`: POST execute to `exit`. */
export const bareCommand: Step = {
  ...base,
  id: "true",
  title: "`true`",
  goal: { value: 4.5, ratio: 0.05 },
  async run({ client, bounds }, bench) {
    await warmUp(client, bench);
    return repeat(async () => (await execute(client, firstOf(bench), "true")).times.ended, bounds);
  },
};

/** `first byte`: POST execute to the first output of `echo hi`. */
export const firstByte: Step = {
  ...base,
  id: "first-byte",
  title: "first byte of `echo hi`",
  goal: { value: 4, ratio: 0.04 },
  async run({ client, bounds }, bench) {
    await warmUp(client, bench);
    return repeat(async () => {
      const { times } = await execute(client, firstOf(bench), "echo hi");
      if (times.firstOutput === undefined) throw new Error("echo hi printed nothing");
      return times.firstOutput;
    }, bounds);
  },
};

/** `stdout`: 10 MB through a TTY, from `start` to `exit`. Every byte must come. */
export const stdout: Step = {
  ...base,
  unit: "MB/s",
  better: "more",
  id: "stdout",
  title: "stdout, 10 MB through the TTY",
  goal: { value: 15 },
  async run({ client, bounds }, bench) {
    const command = `head -c ${OUTPUT_BYTES} /dev/zero | tr "\\0" x`;
    return repeat(async () => {
      const { times, outputLength } = await execute(client, firstOf(bench), command);
      if (outputLength !== OUTPUT_BYTES) throw new Error(`${outputLength} of ${OUTPUT_BYTES} bytes came`);
      return OUTPUT_BYTES / 1_000 / (times.ended - times.started);
    }, bounds);
  },
};

/** `cycle`: what a client does with a program: claim, copy a Makefile, `make`, list. */
export const cycle: Step = {
  ...base,
  id: "cycle",
  title: "cycle: claim, copy, `make`, list",
  goal: { value: 20, ratio: 0.25 },
  run: ({ client, bounds, settled }, { environmentId: id }) =>
    repeat(async () => {
      await settled(id);
      const content = Buffer.from(MAKEFILE).toString("base64");
      const body = JSON.stringify({ delete: ["./*"], copy: [{ path: "Makefile", content }] });
      const start = performance.now();
      const runner = await client.claim(id);
      try {
        const files = `/api/v1/runners/${runner}/files`;
        await client.call("PATCH", files, { body });
        await execute(client, runner, "make");
        const listed = String(await client.call("GET", `${files}?path=./&recursive=true`));
        const took = performance.now() - start;
        if (!listed.includes("result.txt")) throw new Error("make's result is not listed");
        return took;
      } finally {
        await client.giveBack(runner);
      }
    }, bounds),
};

/** What comes first in a runner is timed by steps of its own. */
async function warmUp(client: StepContext["client"], { runners }: ImageBench): Promise<void> {
  for (const runner of runners) for (let time = 0; time < 3; time += 1) await execute(client, runner, "true");
}
