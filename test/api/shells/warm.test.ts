import { afterAll, beforeAll, expect, test } from "vitest";
import { chooseExecutor } from "../../../src/agent/executors/choose.js";
import { silentLogger } from "../../../src/telemetry/silent-logger.js";
import { Lab } from "../../support/lab.js";
import { until } from "../../support/until.js";

let lab: Lab;
beforeAll(async () => {
  const executor = await chooseExecutor({ logger: silentLogger });
  lab = await Lab.start({ executor, emulateExecTruncation: true });
});
afterAll(() => lab.stop());

/** Seldom, since what is cut has to be opened again. */
const seldom = { within: 40_000, every: 1_000 };

/** How many exec sessions a runner has; they are cut by that. */
async function sessionsOf(runnerId: string): Promise<number> {
  const { ID } = await lab.allocation(runnerId);
  const { body } = await lab.call("POST", "/v1/faults", { fault: "cut-exec", allocation: ID });
  return (body as { cut: number }).cut;
}

test("the reserved runners have both sessions open, the others none, and a claimed one keeps them", async () => {
  const server = await lab.server({ POSEIDON_NOMAD_WARM: "2" });
  await server.client.put(1, { prewarmingPoolSize: 4, memoryLimit: 256 });
  await server.settled(1, { idle: 4 });
  const isReserved = async (id: string) => (await lab.meta(id))?.["reserved"] !== undefined;
  const runners = async () => (await lab.jobIds("1-")).filter((id) => !id.startsWith("template"));
  const reserved = await until("two reservations", async () => {
    const ids = await runners();
    const marks = await Promise.all(ids.map(isReserved));
    const found = ids.filter((_, n) => marks[n]);
    return found.length === 2 && found;
  });
  const claimed = await server.claimed(1);
  expect(reserved).toContain(claimed);
  await server.settled(1, { idle: 4, used: 1 });
  const cold = (await runners()).filter((id) => !reserved.includes(id));
  await until("the next reservation", async () => (await Promise.all(cold.map(isReserved))).includes(true));
  const bothOpen = (id: string) =>
    until(`two sessions in ${id}`, async () => (await sessionsOf(id)) === 2, seldom);
  for (const id of [...reserved, ...cold]) {
    if (reserved.includes(id) || (await isReserved(id))) await bothOpen(id);
    else expect(await sessionsOf(id)).toBe(0);
  }
});
