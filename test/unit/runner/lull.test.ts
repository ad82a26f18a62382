import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Lull } from "../../../src/runner/lull.js";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const pool = {};

/** A lull, and how often what was put off has been done. */
function start(): { readonly lull: Lull<object>; readonly put: () => void; readonly done: () => number } {
  const lull = new Lull<object>();
  let count = 0;
  return { lull, put: () => lull.after(pool, () => count++), done: () => count };
}

test("without a claim everything is done at once", () => {
  const { put, done } = start();
  put();
  expect(done()).toBe(1);
});

test("after a claim what comes is done once, and a little later", () => {
  const { lull, put, done } = start();
  lull.begin(pool);
  put();
  put();
  vi.advanceTimersByTime(49);
  expect(done()).toBe(0);
  vi.advanceTimersByTime(1);
  expect(done()).toBe(1);
  put();
  expect(done()).toBe(2);
});

test("claims that go on do not put it off for ever", () => {
  const { lull, put, done } = start();
  for (let ms = 0; ms < 150; ms += 10) {
    lull.begin(pool);
    put();
    expect(done()).toBe(0);
    vi.advanceTimersByTime(10);
  }
  expect(done()).toBe(1);
});

test("it can be ended, and other pools know nothing of it", () => {
  const { lull, put, done } = start();
  lull.begin(pool);
  put();
  const other = vi.fn();
  lull.after({}, other);
  expect(other).toHaveBeenCalledOnce();
  lull.end(pool);
  vi.runAllTimers();
  expect(done()).toBe(0);
  put();
  expect(done()).toBe(1);
});
