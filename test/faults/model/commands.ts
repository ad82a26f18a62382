import fc from "fast-check";
import { until } from "../../support/until.js";
import { type Model, usedOf, type World } from "./world.js";

type Command = fc.AsyncCommand<Model, World, true>;

/** A command that can always be given; it prints as its name, so that a failure reads as a story. */
function command(name: string, run: (model: Model, world: World) => Promise<void>): Command {
  return {
    check: () => Promise.resolve(true),
    run: async (model, world) => {
      await run(model, world);
      await world.check(model);
    },
    toString: () => name,
  };
}

function expectStatus(what: string, status: number, ...wanted: number[]): void {
  if (!wanted.includes(status))
    throw new Error(`${what} answered ${status} in place of ${wanted.join(" or ")}`);
}

/** All of an environment's clients lose their runners. */
function forget(model: Model, environment: number): void {
  for (const id of usedOf(model, environment)) model.runners.set(id, "gone");
}

const put = (environment: number, prewarmingPoolSize: number) =>
  command(`put(${environment}, ${prewarmingPoolSize})`, async (model, { server }) => {
    const { status } = await server.client.put(environment, { prewarmingPoolSize });
    expectStatus("PUT", status, model.pools.has(environment) ? 204 : 201);
    forget(model, environment);
    model.pools.set(environment, prewarmingPoolSize);
  });

const remove = (environment: number) =>
  command(`delete(${environment})`, async (model, { server }) => {
    const { status } = await server.client.call("DELETE", `/execution-environments/${environment}`);
    expectStatus("DELETE", status, model.pools.delete(environment) ? 204 : 404);
    forget(model, environment);
  });

/** Pools are full before each command: so many claims at once as there are idle runners must succeed, one more must not. */
const claim = (environment: number, count: number) =>
  command(`claim(${environment}) * ${count}`, async (model, { server }) => {
    const size = model.pools.get(environment);
    const answers = await Promise.all(Array.from({ length: count }, () => server.claim(environment)));
    for (const answer of answers) {
      if (size === undefined) expectStatus("a claim", answer.status, 404);
      else if (answer.status !== 200) {
        expectStatus(`a claim (${answer.text})`, answer.status, 500);
        if (answer.json().errorCode !== "NOMAD_OVERLOAD") throw new Error(`a claim: ${answer.text}`);
      } else {
        const { runnerId } = answer.json();
        if (model.runners.has(runnerId)) throw new Error(`${runnerId} was handed out twice`);
        model.runners.set(runnerId, "used");
      }
    }
    const given = answers.filter(({ status }) => status === 200).length;
    if (given < Math.min(count, size ?? 0)) throw new Error(`${given} of ${size} runners were handed out`);
  });

const giveBack = (which: number) =>
  command(`return(${which})`, async (model, { server }) => {
    const id = usedOf(model)[which];
    if (id === undefined) return;
    expectStatus("DELETE of a runner", (await server.release(id)).status, 204);
    model.runners.set(id, "gone");
  });

const killUsed = (which: number, how: "failed" | "oom" | "lost") =>
  command(`kill used ${which} (${how})`, async (model, { lab }) => {
    const id = usedOf(model)[which];
    if (id === undefined) return;
    await lab.kill(id, how);
    model.runners.set(id, "gone");
  });

const killIdle = (how: "failed" | "restart" | "complete") =>
  command(`kill idle (${how})`, async (model, { lab }) => {
    const idle = (await lab.livingJobIds()).find(
      (id) => !id.startsWith("template") && !model.runners.has(id),
    );
    if (idle !== undefined && !model.crashed) await lab.kill(idle, how).catch(() => undefined);
  });

const fault = (name: string, what: Readonly<Record<string, unknown>>) =>
  command(name, (_, { lab }) => lab.fault(what));

const calm = command("calm", (_, { lab }) => lab.fault());
const tear = (how: string) => fault(`tear(${how})`, { fault: "close-streams", how });
const stop = command("stop and start", (_, world) => world.restart());
const crash = command("crash and start", async (model, world) => {
  await world.crash();
  model.crashed = true;
});
/** The server dies behind a claim's answer, before anything is written of it. */
const crashBehindAnswer = (environment: number) =>
  command(`claim(${environment}), crash behind the answer`, async (model, world) => {
    const { server, lab } = world;
    if (!model.pools.get(environment)) return;
    const reserved = async () => {
      const ids = (await lab.jobIds(`${environment}-`)).filter((id) => !model.runners.has(id));
      return (await Promise.all(ids.map((id) => lab.meta(id)))).some((meta) => meta?.["reserved"]);
    };
    await until("a reservation", reserved, { within: 40_000 });
    await lab.fault({ fault: "answer", method: "POST", path: "^/v1/jobs$", with: "hang", count: 1_000 });
    const answer = await server.claim(environment);
    model.crashed = true;
    if (answer.status === 200) {
      const { runnerId } = answer.json();
      if (model.runners.has(runnerId)) throw new Error(`${runnerId} was handed out twice`);
      model.runners.set(runnerId, "used");
    }
    server.crash();
    await lab.fault();
    await world.crash();
  });

const awayForAMoment = command("Nomad restarts", async (_, { lab, server }) => {
  const reconnects = () => server.lines.filter(({ message }) => /reachable again/.test(message)).length;
  const before = reconnects();
  await lab.fault({ fault: "restart-agent", keepState: true, downFor: 50 });
  await until("the reconnect", () => reconnects() > before, { within: 40_000 });
});

/** How each story begins: with something in the world. */
export const beginning: readonly Command[] = [put(1, 2), put(12, 1)];

/** Sequences of all that can happen to two environments. */
export const commands = fc.commands<Model, World, true>(
  [
    fc.tuple(fc.constantFrom(1, 12), fc.integer({ min: 0, max: 3 })).map(([id, size]) => put(id, size)),
    fc.tuple(fc.constantFrom(1, 12), fc.integer({ min: 1, max: 4 })).map(([id, count]) => claim(id, count)),
    fc.tuple(fc.constantFrom(1, 12), fc.integer({ min: 1, max: 4 })).map(([id, count]) => claim(id, count)),
    fc.nat({ max: 3 }).map(giveBack),
    fc.constantFrom(1, 12).map(remove),
    fc
      .tuple(fc.nat({ max: 3 }), fc.constantFrom("failed" as const, "oom" as const, "lost" as const))
      .map(([which, how]) => killUsed(which, how)),
    fc.constantFrom("failed" as const, "restart" as const, "complete" as const).map(killIdle),
    fc.constantFrom(
      fault("lose job events", { fault: "drop-events", topic: "Job", count: 5 }),
      fault("lose allocation events", { fault: "drop-events", topic: "Allocation", count: 5 }),
      fault("double events", { fault: "duplicate-events", count: 20 }),
      fault("late events", { fault: "delay-events", delay: 100, count: 10 }),
      fault("unordered events", { fault: "reorder-events", count: 10 }),
      fault("a gap in the indexes", { fault: "skip-indexes", count: 50 }),
      fault("a buffer that is too short", { fault: "overrun-buffer" }),
      calm,
    ),
    fc.constantFrom("end", "cut", "mid-line", "mid-character").map(tear),
    fc.constantFrom(crash, stop, awayForAMoment),
    fc.constantFrom(1, 12).map(crashBehindAnswer),
  ],
  { maxCommands: 30, size: "max" },
);
