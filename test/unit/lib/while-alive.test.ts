import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { deferred } from "../../../src/lib/deferred.js";
import { whileAlive } from "../../../src/lib/while-alive.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Waits for a promise with a silence of 10 ms and 100 ms in all; `over` is when it was given up. */
function waiting() {
  const { promise, resolve, reject } = deferred<string>();
  const begin = performance.now();
  let sign = Number.NEGATIVE_INFINITY;
  const seen: { result?: string | undefined; error?: unknown; after?: number } = {};
  whileAlive(promise, { silence: 10, longest: 100, lastSign: () => sign })
    .then(
      (result) => {
        seen.result = result;
      },
      (error: unknown) => {
        seen.error = error;
      },
    )
    .finally(() => {
      seen.after = performance.now() - begin;
    });
  const live = () => {
    sign = performance.now();
  };
  return { resolve, reject, live, seen };
}

it("waits for the time of silence where nobody shows signs of life", async () => {
  const { seen } = waiting();
  await vi.advanceTimersByTimeAsync(200);
  expect(seen).toEqual({ result: undefined, after: 10 });
});

it("waits on from each sign of life, and has a bound all the same", async () => {
  const { seen, live } = waiting();
  for (let count = 0; count < 30; count += 1) {
    await vi.advanceTimersByTimeAsync(8);
    live();
  }
  expect(seen).toEqual({ result: undefined, after: 100 });
});

it("gives the result that comes in time, at once", async () => {
  const { seen, live, resolve } = waiting();
  await vi.advanceTimersByTimeAsync(8);
  live();
  await vi.advanceTimersByTimeAsync(8);
  resolve("it");
  await vi.advanceTimersByTimeAsync(0);
  expect(seen).toEqual({ result: "it", after: 16 });
  expect(vi.getTimerCount()).toBe(0);
});

it("rejects as the promise does", async () => {
  const { seen, reject } = waiting();
  reject("no");
  await vi.advanceTimersByTimeAsync(0);
  expect(seen).toEqual({ error: "no", after: 0 });
});
