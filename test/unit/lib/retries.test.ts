import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Backoff } from "../../../src/lib/backoff.js";
import { Retries } from "../../../src/lib/retries.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const backoff = () => new Backoff({ initial: 1_000, maximum: 60_000, jitter: 0 });

/** Pauses `times` times; when each was over, ms after the beginning. */
async function pausing(retries: Retries, times: number, signal = new AbortController().signal) {
  const over: number[] = [];
  const begin = performance.now();
  const waits = backoff();
  void (async () => {
    for (let count = 0; count < times; count += 1) {
      await retries.pause(waits, { signal });
      over.push(performance.now() - begin);
    }
  })();
  return over;
}

it("pauses as long as the back-off says", async () => {
  const over = await pausing(new Retries(), 3);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(over).toEqual([1_000, 3_000, 7_000]);
});

it("ends every pause at once when the reason is gone, and starts over with the first delay", async () => {
  const retries = new Retries();
  const all = await Promise.all([pausing(retries, 4), pausing(retries, 4)]);
  await vi.advanceTimersByTimeAsync(3_500);
  retries.wake();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(all).toEqual([
    [1_000, 3_000, 3_500, 4_500],
    [1_000, 3_000, 3_500, 4_500],
  ]);
});

it("ends with the signal, before and meanwhile, and leaves no timer", async () => {
  const [set, clear] = [vi.spyOn(globalThis, "setTimeout"), vi.spyOn(globalThis, "clearTimeout")];
  const stop = new AbortController();
  const over = await pausing(new Retries(), 2, stop.signal);
  await vi.advanceTimersByTimeAsync(500);
  stop.abort();
  await vi.advanceTimersByTimeAsync(0);
  expect(over).toEqual([500, 500]);
  // By their delays: other files of this process may have timers, too.
  const ours = set.mock.results.filter((_, at) => [1_000, 2_000].includes(Number(set.mock.calls[at]?.[1])));
  expect(ours).toHaveLength(2);
  for (const { value } of ours) expect(clear).toHaveBeenCalledWith(value);
  vi.restoreAllMocks();
});
