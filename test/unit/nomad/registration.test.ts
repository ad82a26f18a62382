import { beforeEach, describe, expect, it } from "vitest";
import type { NomadClient, Registered } from "../../../src/nomad/client.js";
import { NomadError } from "../../../src/nomad/errors.js";
import { EvaluationWaiters } from "../../../src/nomad/evaluation-waiters.js";
import { registerAndAwait } from "../../../src/nomad/registration.js";
import type { Evaluation } from "../../../src/nomad/wire.js";
import { QuietLogger } from "./quiet-logger.js";

const job = { ID: "10-a" };
const registered: Registered = { evalId: "e1", jobModifyIndex: 7, warnings: "" };
const evaluation = (fields: Partial<Evaluation> = {}): Evaluation => ({
  ID: "e1",
  JobID: "10-a",
  Status: "complete",
  ModifyIndex: 8,
  ...fields,
});

let logger: QuietLogger;
let reads: string[];
let stored: Evaluation | undefined | NomadError;
let evaluations: EvaluationWaiters;

beforeEach(() => {
  logger = new QuietLogger();
  reads = [];
  stored = undefined;
  const readEvaluation = async (id: string) => {
    reads.push(id);
    if (stored instanceof NomadError) throw stored;
    return stored;
  };
  evaluations = new EvaluationWaiters({ client: { readEvaluation }, logger });
});

const register = (
  answer: () => Promise<Registered> = async () => registered,
  options: { timeout?: number; signal?: AbortSignal } = {},
) =>
  registerAndAwait({ registerJob: answer } as unknown as NomadClient, evaluations, job, {
    logger,
    ...options,
  });

const waited = async () => {
  while (evaluations.waiting === 0) await Promise.resolve();
};

describe("registerAndAwait", () => {
  it("succeeds when the evaluation is complete, whether its event comes after the answer", async () => {
    const done = register();
    await waited();
    evaluations.observe(evaluation({ Status: "pending" }));
    expect(evaluations.waiting).toBe(1);
    evaluations.observe(evaluation());
    expect(await done).toEqual(registered);
    expect(evaluations.waiting).toBe(0);
  });

  it("or before it", async () => {
    await register(async () => {
      evaluations.observe(evaluation());
      return registered;
    });
    expect(reads).toEqual([]);
  });

  it("does not mind other evaluations, such as the blocked one that comes first", async () => {
    const done = register();
    await waited();
    evaluations.observe(evaluation({ ID: "e2", Status: "blocked" }));
    evaluations.observe(evaluation({ ID: "e3", Status: "failed" }));
    evaluations.observe(evaluation());
    await done;
  });

  it("fails with the reason when a group was not placed", async () => {
    const done = register(async () => {
      evaluations.observe(
        evaluation({
          FailedTGAllocs: { "default-group": { DimensionExhausted: { cpu: 1 } } },
          BlockedEval: "e2",
        }),
      );
      return registered;
    });
    await expect(done).rejects.toMatchObject({
      code: "placement",
      message:
        'task group "default-group" could not be placed: resource "cpu" exhausted on 1 node; evaluation e2 waits for capacity',
    });
  });

  it.each([
    ["failed", "the evaluation of the job failed: maximum attempts reached (5)"],
    ["canceled", "the evaluation of the job was canceled: maximum attempts reached (5)"],
  ])("fails when the evaluation is %s", async (Status, message) => {
    const done = register(async () => {
      evaluations.observe(evaluation({ Status, StatusDescription: "maximum attempts reached (5)" }));
      return registered;
    });
    await expect(done).rejects.toMatchObject({ code: "placement", message });
  });

  it("asks Nomad when no event comes, and believes it", async () => {
    stored = evaluation({ Status: "failed" });
    await expect(register(undefined, { timeout: 1 })).rejects.toMatchObject({ code: "placement" });
    stored = evaluation();
    reads = [];
    evaluations = new EvaluationWaiters({ client: { readEvaluation: async () => evaluation() }, logger });
    await register(undefined, { timeout: 1 });
    expect(logger.lines).toEqual([]);
  });

  it.each([
    ["has not decided", () => evaluation({ Status: "pending" })],
    ["does not know", () => undefined],
    ["does not answer", () => new NomadError("unreachable", "gone")],
  ])("counts as accepted, with a log line, when Nomad %s", async (_name, make) => {
    stored = make();
    expect(await register(undefined, { timeout: 1 })).toEqual(registered);
    expect(logger.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  });

  it("does not wait where there is no evaluation", async () => {
    expect(await register(async () => ({ ...registered, evalId: "" }))).toMatchObject({ jobModifyIndex: 7 });
  });

  it("passes a refusal on", async () => {
    const refused = new NomadError("conflict", "Enforcing job modify index 1");
    await expect(register(() => Promise.reject(refused))).rejects.toBe(refused);
  });

  it("can be given up while it waits", async () => {
    const controller = new AbortController();
    const done = register(undefined, { signal: controller.signal });
    await waited();
    controller.abort();
    await expect(done).rejects.toMatchObject({ code: "aborted" });
    expect(evaluations.waiting).toBe(0);
    await expect(register(undefined, { signal: controller.signal })).rejects.toMatchObject({
      code: "aborted",
    });
  });

  it("learns after a reconnect what it missed", async () => {
    const done = register();
    await waited();
    stored = evaluation();
    await evaluations.recheck();
    await done;
    expect(reads).toEqual(["e1"]);
  });
});

describe("EvaluationWaiters", () => {
  it("tells all who wait for one evaluation", async () => {
    const both = [evaluations.wait("e1", { timeout: 5_000 }), evaluations.wait("e1", { timeout: 5_000 })];
    evaluations.observe(evaluation());
    expect(await Promise.all(both)).toEqual([evaluation(), evaluation()]);
  });

  it("remembers a bounded number", async () => {
    for (let n = 0; n < 2_001; n += 1) evaluations.observe(evaluation({ ID: `n${n}` }));
    expect(await evaluations.wait("n0", { timeout: 1 })).toBeUndefined();
    expect(await evaluations.wait("n1", { timeout: 1 })).toMatchObject({ ID: "n1" });
  });

  it("asks again for the others when one question fails", async () => {
    const asked: string[] = [];
    evaluations = new EvaluationWaiters({
      client: {
        readEvaluation: async (id) => {
          asked.push(id);
          if (id === "n3") throw new NomadError("unreachable", "gone");
          return evaluation({ ID: id });
        },
      },
      logger,
    });
    const waits = Array.from({ length: 20 }, (_, n) =>
      evaluations.wait(`n${n}`, { timeout: n === 3 ? 50 : 5_000 }),
    );
    await evaluations.recheck();
    const results = await Promise.all(waits);
    expect(results.filter((result) => result === undefined)).toHaveLength(1);
    expect(asked).toHaveLength(20);
  });
});
