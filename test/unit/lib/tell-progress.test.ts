import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { tellProgress } from "../../../src/lib/tell-progress.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("tells at intervals that double up to a bound, until it is ended", () => {
  const times: number[] = [];
  const start = Date.now();
  const end = tellProgress(10, () => times.push(Date.now() - start));
  vi.advanceTimersByTime(640);
  expect(times).toEqual([10, 30, 70, 150, 310, 630]);
  vi.advanceTimersByTime(320 * 3);
  expect(times.slice(6)).toEqual([950, 1270, 1590]);
  expect(end()).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

it("tells nothing of what is over before", () => {
  const tell = vi.fn();
  const end = tellProgress(10, tell);
  vi.advanceTimersByTime(9);
  expect(end()).toBe(false);
  vi.advanceTimersByTime(1_000);
  expect(tell).not.toHaveBeenCalled();
});

it("can be ended by what it tells", () => {
  const end = tellProgress(10, () => end());
  vi.advanceTimersByTime(1_000);
  expect(vi.getTimerCount()).toBe(0);
});
