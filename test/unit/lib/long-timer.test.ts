import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LongTimer } from "../../../src/lib/long-timer.js";

const DAY = 24 * 3_600 * 1_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test.each([1, 24, 25, 60, 400])("fires after %d days, not before, and once", async (days) => {
  const fired = vi.fn();
  const timer = new LongTimer(fired);
  timer.restart(days * DAY);
  await vi.advanceTimersByTimeAsync(days * DAY - 1);
  expect(fired).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(2);
  expect(fired).toHaveBeenCalledTimes(1);
  expect(vi.getTimerCount()).toBe(0);
});

test("the longest delay that a client may ask for never fires, and is one timer", async () => {
  const fired = vi.fn();
  const timer = new LongTimer(fired);
  timer.restart(Number.MAX_SAFE_INTEGER * 1_000);
  await vi.advanceTimersByTimeAsync(1_000 * DAY);
  expect(fired).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(1);
  timer.cancel();
  expect(vi.getTimerCount()).toBe(0);
});

test("pushed back, pulled forward, cancelled and started again it keeps to the last word", async () => {
  const fired = vi.fn();
  const timer = new LongTimer(fired);
  timer.restart(1_000);
  await vi.advanceTimersByTimeAsync(900);
  timer.restart(1_000);
  await vi.advanceTimersByTimeAsync(999);
  expect(fired).not.toHaveBeenCalled();
  timer.restart(30 * DAY);
  timer.restart(500);
  await vi.advanceTimersByTimeAsync(501);
  expect(fired).toHaveBeenCalledTimes(1);
  timer.restart(500);
  timer.cancel();
  await vi.advanceTimersByTimeAsync(1_000);
  timer.restart(100);
  await vi.advanceTimersByTimeAsync(101);
  expect(fired).toHaveBeenCalledTimes(2);
});
