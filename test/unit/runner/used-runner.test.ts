import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { deferred } from "../../../src/lib/deferred.js";
import type { ExecutionOutcome } from "../../../src/runner/handle.js";
import { UsedRunner } from "../../../src/runner/used-runner.js";
import { silentLogger } from "../../../src/telemetry/silent-logger.js";
import { FakeShell } from "./fake-shell.js";

const STOPPED: ExecutionOutcome = { type: "error", message: "the allocation stopped as expected" };
const request = { command: "true", environment: {}, privileged: false, timeLimit: 0 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A runner in a client's hands, with all that its owner hears. */
function usedRunner(options: { readonly inactivityTimeout: number }) {
  const shell = new FakeShell();
  const heard: string[] = [];
  const runner: UsedRunner = new UsedRunner({
    id: "1-a",
    environmentId: 1,
    mappedPorts: [],
    shell,
    executionTtl: 3_600,
    reached: () => undefined,
    logger: silentLogger,
    ...options,
    onInactive: () => {
      heard.push("inactive");
      runner.end(STOPPED);
    },
    onUnstoppable: () => {
      heard.push("unstoppable");
      runner.end(STOPPED);
    },
  });
  runner.start();
  const open = (timeLimit = 0) => {
    const outcomes: ExecutionOutcome[] = [];
    const output: string[] = [];
    const live = runner.open(runner.prepare({ ...request, timeLimit }), {
      onOutput: (_stream, chunk) => output.push(String(chunk)),
      onEnd: (outcome) => outcomes.push(outcome),
      onDrain: () => undefined,
    });
    if (live === undefined) throw new Error("not opened");
    return { live, outcomes, output };
  };
  return { shell, heard, runner, open };
}

const advance = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000);

describe("the inactivity timer", () => {
  test.each([1, 60, 3_000_000])("expires %d s after the claim, whatever runs, and once", async (timeout) => {
    const { heard, open, shell } = usedRunner({ inactivityTimeout: timeout });
    const { outcomes } = open();
    await advance(timeout - 0.01);
    expect([heard, outcomes]).toEqual([[], []]);
    await advance(0.02);
    expect([heard, outcomes]).toEqual([["inactive"], [{ type: "timeout" }]]);
    expect(shell.operations).toEqual(["close"]);
    await advance(timeout * 2);
    expect(heard).toEqual(["inactive"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("0 is never", async () => {
    const { heard } = usedRunner({ inactivityTimeout: 0 });
    await advance(400 * 24 * 3_600);
    expect([heard, vi.getTimerCount()]).toEqual([[], 0]);
  });

  test.each<[string, (made: ReturnType<typeof usedRunner>) => unknown, boolean]>([
    ["opening an execution", ({ open }) => open(), true],
    ["listing", ({ runner }) => runner.list("./", { recursive: true, privileged: false }), true],
    ["copying", ({ runner }) => runner.update({ remove: [], copy: [] }), true],
    ["downloading", ({ runner }) => runner.download("x", { privileged: false }), true],
    ["preparing an execution", ({ runner }) => runner.prepare(request), false],
    ["asking for an execution", ({ runner }) => runner.hasExecution("x"), false],
    ["sweeping", ({ runner }) => runner.sweep(), false],
  ])("%s resets it: %s", async (_what, use, resets) => {
    const made = usedRunner({ inactivityTimeout: 10 });
    await advance(9);
    await use(made);
    await advance(2);
    expect(made.heard.length === 0).toBe(resets);
    await advance(7.9);
    expect(made.heard.length === 0).toBe(resets);
    await advance(0.2);
    expect(made.heard).toEqual(["inactive"]);
  });

  test("an execution that ended by itself while its end waits for an explanation keeps its end", async () => {
    const { open, shell } = usedRunner({ inactivityTimeout: 10 });
    const { outcomes } = open();
    await advance(9.5);
    shell.commands[0]?.handlers.onEnd({ kind: "exited", exitCode: 128 });
    await advance(1);
    expect(outcomes).toEqual([{ type: "exit", exitCode: 128 }]);
  });
});

describe("an execution that has to end", () => {
  test.each([1, 3_000_000])(
    "by its limit of %d s: timeout at once, SIGQUIT, and the runner stays when it obeys",
    async (limit) => {
      const { open, shell, heard } = usedRunner({ inactivityTimeout: 0 });
      const { outcomes, output } = open(limit);
      await advance(limit - 0.01);
      expect(outcomes).toEqual([]);
      await advance(0.02);
      expect([outcomes, shell.commands[0]?.done]).toEqual([[{ type: "timeout" }], ["resume", "quit"]]);
      shell.commands[0]?.handlers.onOutput("stdout", Buffer.from("late"));
      await advance(2.5);
      shell.commands[0]?.handlers.onEnd({ kind: "exited", exitCode: 131 });
      await advance(60);
      expect([outcomes.length, output, heard]).toEqual([1, [], []]);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test.each(["time limit", "client"])(
    "by its %s: the runner goes 3 s later when it ignores SIGQUIT",
    async (by) => {
      const { open, heard } = usedRunner({ inactivityTimeout: 0 });
      const { live, outcomes } = open(by === "client" ? 0 : 1);
      await advance(1);
      if (by === "client") live.detach();
      await advance(2.9);
      expect(heard).toEqual([]);
      await advance(0.2);
      expect(heard).toEqual(["unstoppable"]);
      expect(outcomes).toEqual(by === "client" ? [] : [{ type: "timeout" }]);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test.each<[ExecutionOutcome, string]>([
    [{ type: "error", message: "the allocation was OOM Killed" }, "an OOM kill that is told within 1 s"],
    [{ type: "exit", exitCode: 128 }, "nothing"],
  ])("by exit 128 gets %j when it is explained by %s", async (outcome, explanation) => {
    const { open, runner, shell, heard } = usedRunner({ inactivityTimeout: 0 });
    const { outcomes } = open(2);
    await advance(0.5);
    shell.commands[0]?.handlers.onEnd({ kind: "exited", exitCode: 128 });
    await advance(0.9);
    expect(outcomes).toEqual([]);
    if (explanation !== "nothing") runner.end(outcome);
    await advance(10);
    expect([outcomes, heard, vi.getTimerCount()]).toEqual([[outcome], [], 0]);
  });

  test.each<[ExecutionOutcome, string]>([
    [{ type: "error", message: "the allocation was OOM Killed" }, "an OOM kill that is told within 1 s"],
    [{ type: "error", message: "Error executing the request" }, "nothing"],
  ])("by no start gets %j when it is explained by %s", async (outcome, explanation) => {
    const { open, runner, shell, heard } = usedRunner({ inactivityTimeout: 0 });
    shell.opens = Promise.reject(new Error("the runner is being killed"));
    const { outcomes } = open();
    await advance(0.9);
    expect(outcomes).toEqual([]);
    if (explanation !== "nothing") runner.end(outcome);
    await advance(10);
    expect([outcomes, heard, vi.getTimerCount()]).toEqual([[outcome], [], 0]);
  });

  test.each(["time limit", "client"])(
    "by its %s before it was handed over: it never is, and the runner stays however long that takes",
    async (by) => {
      const { open, shell, heard } = usedRunner({ inactivityTimeout: 0 });
      const { promise, resolve: opened } = deferred();
      shell.opens = promise;
      const { live, outcomes } = open(by === "client" ? 0 : 1);
      await advance(1);
      if (by === "client") live.detach();
      else expect(outcomes).toEqual([{ type: "timeout" }]);
      await advance(60);
      opened();
      await advance(60);
      expect([shell.commands, heard, vi.getTimerCount()]).toEqual([[], [], 0]);
    },
  );

  test("while it is being handed over: quit as soon as that is done, and 3 s from then", async () => {
    const { open, shell, heard } = usedRunner({ inactivityTimeout: 0 });
    const { promise, resolve: opened } = deferred();
    shell.opens = promise;
    shell.givesUp = false;
    open(1);
    await advance(60);
    opened();
    await advance(2.9);
    expect([shell.commands[0]?.done, heard]).toEqual([["resume", "quit"], []]);
    await advance(0.2);
    expect([heard, vi.getTimerCount()]).toEqual([["unstoppable"], 0]);
  });

  test("whose session breaks meanwhile takes the runner along: nobody can tell whether it ended", async () => {
    const { open, shell, heard } = usedRunner({ inactivityTimeout: 0 });
    const { live } = open();
    await advance(0);
    live.detach();
    shell.commands[0]?.handlers.onEnd({ kind: "broken", reason: "cut" });
    await advance(0);
    expect(heard).toEqual(["unstoppable"]);
    await advance(10);
    expect(heard).toEqual(["unstoppable"]);
  });

  test("with its runner: exactly one last word for each, and nothing after", async () => {
    const { open, runner, shell } = usedRunner({ inactivityTimeout: 0 });
    const [one, other] = [open(), open(5)];
    await advance(0);
    runner.end(STOPPED);
    runner.end({ type: "timeout" });
    for (const { handlers } of shell.commands) handlers.onEnd({ kind: "exited", exitCode: 0 });
    await advance(10);
    expect([one?.outcomes, other?.outcomes]).toEqual([[STOPPED], [STOPPED]]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
