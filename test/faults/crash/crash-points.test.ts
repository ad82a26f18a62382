import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createNullExecutor, createNullProcess } from "../../../src/agent/executors/null.js";
import { CRASH_POINTS } from "../../../src/runner/crash-points.js";
import { type CompiledProgram, compileProgram } from "../../support/compiled-program.js";
import { Lab } from "../../support/lab.js";
import { until } from "../../support/until.js";
import { expectNothingLost } from "./aftermath.js";
import { KillableServer } from "./killable-server.js";
import { Ledger } from "./ledger.js";

/** One runner is marked ahead: claims of both kinds are made. */
const VARIABLES = { POSEIDON_NOMAD_WARM: "1" };

/** Environments: one that an earlier server left, and one that the dying server makes. */
const [LEFT, MADE] = [1, 2];

/** Also killed later than at the first time: in the middle of a filling, of a destroying, of a burst of marks. */
const LATER: readonly (readonly [(typeof CRASH_POINTS)[number], number])[] = [
  ["register.before", 3],
  ["register.answered", 4],
  ["register.done", 2],
  ["deletion.before", 3],
  ["deletion.done", 2],
  ["deletion.done", 4],
  ["reserve.marked", 3],
  ["claim.settled", 2],
];

const figures: string[] = [];
let compiled: CompiledProgram;
beforeAll(() => {
  compiled = compileProgram("test/faults/crash/server-process.ts");
});
afterAll(() => {
  compiled.remove();
  console.log(
    `crash points: kill, how often reached before, ms until all was exact again\n${figures.sort().join("\n")}`,
  );
});

/** What an earlier server left: a used runner, a reserved one, idle ones that do not fit their template any more. It died. */
async function leaveSomething(lab: Lab): Promise<readonly [string]> {
  const server = await lab.server({ POSEIDON_NOMAD_WARM: "1" });
  await server.client.put(LEFT, { prewarmingPoolSize: 3 });
  await server.settled(LEFT, { idle: 3 });
  const used = await server.claimed(LEFT, 900);
  await until("its mark", async () => (await lab.meta(used))?.["timeout"] === "900");
  await server.settled(LEFT, { idle: 3, used: 1 });
  server.crash();
  const template = await lab.job(`template-${LEFT}`);
  await lab.register(JSON.parse(JSON.stringify(template).replaceAll('"CPU":20', '"CPU":33')));
  return [used];
}

/** All that clients do, on a server that is dead at some moment. */
async function useAll(lab: Lab, server: KillableServer, ledger: Ledger): Promise<void> {
  await ledger.settled(LEFT, 3);
  await ledger.put(MADE, 3);
  await ledger.settled(MADE, 3);
  const [first, second] = await Promise.all([ledger.claim(MADE), ledger.claim(MADE), ledger.claim(LEFT)]);
  await ledger.settled(MADE, 3);
  if (first !== undefined) {
    await ledger.execute(first);
    // What its client did not give back goes with its allocation.
    await lab.kill(first, "failed").catch(() => undefined);
    await ledger.gone(first);
  }
  if (second !== undefined) await ledger.release(second);
  await ledger.put(MADE, 2);
  await ledger.settled(MADE, 2);
  await ledger.claim(MADE);
  await ledger.delete(LEFT);
  await ledger.claim(MADE);
  await ledger.settled(MADE, 2);
  // Its stop is to give one back.
  await ledger.reserved(MADE);
  server.kill("SIGTERM");
}

describe.concurrent("a server that is killed", () => {
  const moments = [...CRASH_POINTS.map((point) => [point, 1] as const), ...LATER];
  it.each(moments)("at %s (%i)", async (at, count) => {
    const lab = await Lab.start({
      executor: createNullExecutor({ exec: () => createNullProcess() }),
    });
    try {
      const [used] = await leaveSomething(lab);
      const server = await KillableServer.start({
        entry: compiled.main,
        nomad: lab.nomad,
        variables: VARIABLES,
        crash: { at, count },
      });
      const ledger = new Ledger(server.client);
      ledger.environments.set(LEFT, 3);
      ledger.runners.set(used, "held");
      await useAll(lab, server, ledger);
      expect([await server.ended, server.points.at(-1)], "was reached, and killed it").toEqual([
        "SIGKILL",
        at,
      ]);
      const successor = await lab.server(VARIABLES);
      const time = await expectNothingLost(lab, successor, ledger);
      figures.push(`${at} (${count})  ${server.points.length - 1}  ${Math.round(time)}`);
      ledger.close();
      await server.client.close();
    } finally {
      await lab.stop();
    }
  });
});
