import { expect, it, onTestFinished } from "vitest";
import { startWatchdog, watchdogPeriod } from "../../../src/systemd/watchdog.js";
import { type LogLine, recordingLogger } from "../../support/recording-logger.js";

it("is wanted each half of what the manager allows, by this process alone", () => {
  expect(watchdogPeriod({ WATCHDOG_USEC: "30000000" }, 7)).toBe(15_000);
  expect(watchdogPeriod({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "7" }, 7)).toBe(15_000);
  expect(watchdogPeriod({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "8" }, 7)).toBeUndefined();
  for (const WATCHDOG_USEC of ["", "0", "x", "-5"])
    expect(watchdogPeriod({ WATCHDOG_USEC }, 7)).toBeUndefined();
});

it("gives signs of life only while the server answers", async () => {
  const lines: LogLine[] = [];
  const told: string[] = [];
  let alive = false;
  let asked = 0;
  let heard = (): void => undefined;
  const stop = startWatchdog({
    periodMs: 1,
    check: async () => {
      asked += 1;
      alive = asked > 3;
      return alive;
    },
    notify: async (state) => {
      told.push(`${state} after ${asked}`);
      heard();
    },
    logger: recordingLogger(lines),
  });
  onTestFinished(stop);
  await new Promise<void>((resolve) => {
    heard = resolve;
  });
  expect(told).toEqual(["WATCHDOG=1 after 4"]);
  expect(lines).toHaveLength(3);
});

it("gives a check up that takes a whole period", async () => {
  let given = (): void => undefined;
  const stop = startWatchdog({
    periodMs: 5,
    check: ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          given();
          resolve(false);
        });
      }),
    notify: async () => {
      throw new Error("nobody answered");
    },
    logger: recordingLogger([]),
  });
  onTestFinished(stop);
  await new Promise<void>((resolve) => {
    given = resolve;
  });
});
