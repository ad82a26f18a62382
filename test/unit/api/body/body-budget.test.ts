import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BodyBudget, type BodyShare } from "../../../../src/api/body/body-budget.js";

describe("the budget of bodies", () => {
  test("a second body waits for room, and gets it when the first is released", () => {
    const budget = new BodyBudget(100);
    const room: string[] = [];
    const first = budget.open(80, () => room.push("first"));
    const second = budget.open(80, () => room.push("second"));
    expect(first.take(40)).toBe(true);
    expect(second.take(40)).toBe(false);
    expect(second.take(20)).toBe(true);
    expect(second.take(20)).toBe(false);
    expect(first.take(40)).toBe(true);
    first.complete();
    expect(room).toEqual(["second"]);
    expect(second.take(20)).toBe(false);
    first.release();
    expect(room).toEqual(["second", "second"]);
    expect(second.take(60)).toBe(true);
    second.release();
    expect(budget.used).toBe(0);
  });

  test("a body larger than the budget goes alone", () => {
    const budget = new BodyBudget(10);
    const large = budget.open(100, () => undefined);
    expect(large.take(50)).toBe(true);
    expect(large.take(50)).toBe(true);
    expect(budget.open(1, () => undefined).take(1)).toBe(false);
  });

  test("releasing twice, or before the end, counts once", () => {
    const budget = new BodyBudget(10);
    const cut = budget.open(5, () => undefined);
    cut.take(3);
    cut.release();
    cut.release();
    cut.complete();
    expect(budget.used).toBe(0);
  });

  test("whatever bodies come, none holds others up for ever, and the bound holds", () => {
    const bodies = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(bodies, fc.infiniteStream(fc.nat(11)), (sizes, picks) => {
        const limit = 100;
        const budget = new BodyBudget(limit);
        const waiting = new Set<number>();
        const left = [...sizes];
        const shares: BodyShare[] = sizes.map((size, index) =>
          budget.open(size, () => waiting.delete(index)),
        );
        for (let steps = 0; left.some((size) => size > 0); steps++) {
          expect(steps).toBeLessThan(20_000);
          const index = (picks.next().value as number) % sizes.length;
          const size = left[index] as number;
          if (size === 0 || waiting.has(index)) continue;
          const share = shares[index] as BodyShare;
          const part = Math.min(7, size);
          if (!share.take(part)) {
            waiting.add(index);
            continue;
          }
          left[index] = size - part;
          expect(budget.used).toBeLessThanOrEqual(2 * limit);
          if (left[index] > 0) continue;
          share.complete();
          share.release();
        }
        expect(budget.used).toBe(0);
      }),
    );
  });
});
