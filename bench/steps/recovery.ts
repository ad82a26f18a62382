import { repeat, type Samples } from "../measure/repeat.js";
import { fillEnvironments } from "../scale/environments.js";
import { startLoadAgent } from "../target/agent.js";
import { startServer } from "../target/server.js";
import type { Step } from "./step.js";

/** `recovery`: 1,000 runners in 50 environments, from the start of the server's process to its first answered claim. */
export const recovery = {
  id: "recovery",
  title: "recovery, 1,000 runners, 50 environments",
  unit: "ms",
  better: "less",
  goal: { value: 2_000 },
} as const satisfies Omit<Step, "run" | "images">;

/** Always on an agent that runs nothing: it is the server's part that is measured. */
export async function measureRecovery(bounds: {
  readonly repetitions: number;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}): Promise<Samples> {
  const { signal } = bounds;
  const agent = await startLoadAgent({ signal });
  try {
    const filling = await startServer(agent, { signal });
    await fillEnvironments(filling.client, { environments: 50, runnersEach: 20 });
    await filling.stop();
    return await repeat(() => recoverOnce(agent, signal), bounds);
  } finally {
    await agent.stop();
  }
}

/** ms from the start of a server's process to its first answered claim. */
export async function recoverOnce(
  agent: Parameters<typeof startServer>[0],
  signal: AbortSignal,
): Promise<number> {
  const start = performance.now();
  const server = await startServer(agent, { signal });
  try {
    const runner = await server.client.claim(1);
    const took = performance.now() - start;
    await server.client.giveBack(runner);
    return took;
  } finally {
    await server.stop();
  }
}
