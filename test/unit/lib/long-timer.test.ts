import { afterEach, expect, test, vi } from "vitest";
import { LongTimer } from "../../../src/lib/long-timer.js";

const DAY = 24 * 3_600 * 1_000;

// Each test is synchronous and starts the false clock itself: nothing else of this process can set a timer on it.
afterEach(() => {
  vi.useRealTimers();
});

test.each([1, 24, 25, 60, 400])("fires after %d days, not before, and once", (days) => {
  vi.useFakeTimers();
  const fired = vi.fn();
  const timer = new LongTimer(fired);
  timer.restart(days * DAY);
  vi.advanceTimersByTime(days * DAY - 1);
  expect(fired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2);
  expect(fired).toHaveBeenCalledTimes(1);
  expect(vi.getTimerCount()).toBe(0);
});

test("the longest delay that a client may ask for never fires, and is one timer", () => {
  vi.useFakeTimers();
  const fired = vi.fn();
  const timer = new LongTimer(fired);
  timer.restart(Number.MAX_SAFE_INTEGER * 1_000);
  vi.advanceTimersByTime(1_000 * DAY);
  expect(fired).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(1);
  timer.cancel();
  expect(vi.getTimerCount()).toBe(0);
});

test("pushed back, pulled forward, cancelled and started again it keeps to the last word", () => {
  vi.useFakeTimers();
  const fired = vi.fn();
  const timer = new LongTimer(fired);
  timer.restart(1_000);
  vi.advanceTimersByTime(900);
  timer.restart(1_000);
  vi.advanceTimersByTime(999);
  expect(fired).not.toHaveBeenCalled();
  timer.restart(30 * DAY);
  timer.restart(500);
  vi.advanceTimersByTime(501);
  expect(fired).toHaveBeenCalledTimes(1);
  timer.restart(500);
  timer.cancel();
  vi.advanceTimersByTime(1_000);
  timer.restart(100);
  vi.advanceTimersByTime(101);
  expect(fired).toHaveBeenCalledTimes(2);
});
