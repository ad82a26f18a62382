import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Backoff } from "../../../src/lib/backoff.js";
import { sleep } from "../../../src/lib/sleep.js";

describe("Backoff", () => {
  it("doubles up to its maximum, and starts over", () => {
    const backoff = new Backoff({ initial: 100, maximum: 500, jitter: 0 });
    expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([100, 200, 400, 500, 500]);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });

  it("stays within maximum and share of jitter for any random numbers", () => {
    const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 40 }), unit, (numbers, jitter) => {
        const left = [...numbers];
        const backoff = new Backoff({
          initial: 100,
          maximum: 5_000,
          jitter,
          random: () => left.shift() ?? 0,
        });
        numbers.forEach((_, n) => {
          const full = Math.min(100 * 2 ** n, 5_000);
          const delay = backoff.next();
          expect(delay).toBeLessThanOrEqual(full);
          expect(delay).toBeGreaterThanOrEqual(full * (1 - jitter));
        });
      }),
    );
  });

  it("waits with the sleep that it was given", async () => {
    const slept: number[] = [];
    const backoff = new Backoff({
      initial: 10,
      maximum: 20,
      jitter: 0,
      sleep: async (milliseconds) => void slept.push(milliseconds),
    });
    await backoff.wait();
    await backoff.wait();
    expect(slept).toEqual([10, 20]);
  });
});

describe("sleep", () => {
  it("ends with the time, or with its signal's reason", async () => {
    await sleep(1);
    const controller = new AbortController();
    const asleep = sleep(60_000, { signal: controller.signal });
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(asleep).rejects.toBe(reason);
    await expect(sleep(60_000, { signal: controller.signal })).rejects.toBe(reason);
  });
});
