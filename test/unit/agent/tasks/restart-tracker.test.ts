import fc from "fast-check";
import { expect, test } from "vitest";
import { RestartTracker } from "../../../../src/agent/tasks/restart-tracker.js";

const HOUR = 3_600_000_000_000;
const policy = { Attempts: 3, Delay: 1_000, Interval: HOUR, Mode: "fail", RenderTemplates: false } as const;

test("restarts as often as allowed within the interval, then gives up in Nomad's words", () => {
  const tracker = new RestartTracker(policy, () => 0);
  const decisions = [1, 2, 3, 4].map((now) => tracker.decide(now));
  expect(decisions.slice(0, 3)).toEqual(Array(3).fill({ kind: "restart", delay: 1_000 }));
  expect(decisions[3]).toEqual({
    kind: "give-up",
    reason: 'Exceeded allowed attempts 3 in interval 1h0m0s and mode is "fail"',
  });
});

test("counts anew after the interval, and waits for its end in mode delay", () => {
  const tracker = new RestartTracker(policy, () => 0);
  for (const now of [1, 2, 3]) tracker.decide(now);
  expect(tracker.decide(HOUR + 2)).toMatchObject({ kind: "restart" });
  const patient = new RestartTracker({ ...policy, Attempts: 1, Mode: "delay" }, () => 0);
  patient.decide(0);
  expect(patient.decide(HOUR / 2)).toEqual({ kind: "restart", delay: HOUR / 2 });
});

test("a delay grows by a quarter at most", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (random) => {
      const decision = new RestartTracker(policy, () => random).decide(1);
      expect(decision.kind === "restart" && decision.delay >= 1_000 && decision.delay <= 1_250).toBe(true);
    }),
  );
});
