import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  inTrimOrder,
  isDepleted,
  shortage,
  surplus,
  wantedReservations,
} from "../../../src/runner/pool-policy.js";

const figures = fc.record({
  size: fc.nat(1_000),
  idle: fc.nat(1_000),
  starting: fc.nat(1_000),
  claiming: fc.nat(1_000),
});

describe("the arithmetic of a pool", () => {
  it("registers or trims what brings idle + starting to the size, never both", () => {
    fc.assert(
      fc.property(figures, (pool) => {
        const [missing, many] = [shortage(pool), surplus(pool)];
        expect(missing === 0 || many === 0).toBe(true);
        expect(Math.min(missing, many)).toBeGreaterThanOrEqual(0);
        if (pool.claiming === 0) expect(pool.idle + pool.starting + missing - many).toBe(pool.size);
        // A claim whose mark is on its way may give its runner back.
        else expect(pool.idle + pool.starting + pool.claiming + missing).toBeGreaterThanOrEqual(pool.size);
      }),
    );
  });

  it("makes up for a claim once its mark is made, and not twice", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), (size) => {
        const full = { size, idle: size, starting: 0, claiming: 0 };
        const claiming = { ...full, idle: size - 1, claiming: 1 };
        const used = { ...full, idle: size - 1 };
        expect([full, claiming, used].map(shortage)).toEqual([0, 0, 1]);
        expect(shortage({ ...used, starting: 1 })).toBe(0);
      }),
    );
  });

  it("calls a pool depleted when idle ÷ size is below the threshold; never with size 0 or threshold 0", () => {
    const threshold = fc.double({ min: 0, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(figures, threshold, (pool, share) => {
        expect(isDepleted(pool, 0)).toBe(false);
        expect(isDepleted({ ...pool, size: 0 }, share)).toBe(false);
        if (pool.size > 0) expect(isDepleted(pool, share)).toBe(pool.idle / pool.size < share);
      }),
    );
  });

  it("reserves nomad.warm runners, never more than the pool", () => {
    expect([wantedReservations(2, 5), wantedReservations(2, 1), wantedReservations(0, 5)]).toEqual([2, 1, 0]);
  });

  it("trims the newest first and reserved ones last", () => {
    const candidates = fc.array(fc.record({ createdAt: fc.nat(50), reserved: fc.boolean() }));
    fc.assert(
      fc.property(candidates, (runners) => {
        const order = inTrimOrder(runners);
        expect(order).toHaveLength(runners.length);
        for (const [at, runner] of order.entries()) {
          expect(runners).toContain(runner);
          const next = order[at + 1];
          if (next === undefined) continue;
          expect(Number(runner.reserved)).toBeLessThanOrEqual(Number(next.reserved));
          if (runner.reserved === next.reserved) {
            expect(runner.createdAt).toBeGreaterThanOrEqual(next.createdAt);
          }
        }
      }),
    );
  });
});
