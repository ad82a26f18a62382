import fc from "fast-check";
import { expect, test } from "vitest";
import { compareIndexAndId, compareText, paginate } from "../../../../src/agent/http/paginate.js";

test("pages joined are the list, whatever their size", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1 })),
      fc.integer({ min: 1, max: 7 }),
      (ids, perPage) => {
        const sorted = [...ids].sort();
        const found: string[] = [];
        let nextToken: string | undefined = "";
        while (nextToken !== undefined) {
          const page: { items: readonly string[]; nextToken?: string } = paginate(
            sorted,
            { perPage, nextToken },
            { tokenOf: (id) => id, compare: compareText },
          );
          expect(page.items.length).toBeLessThanOrEqual(perPage);
          found.push(...page.items);
          nextToken = page.nextToken;
        }
        expect(found).toEqual(sorted);
      },
    ),
  );
});

test("indexes compare as numbers, ids as texts", () => {
  expect(compareIndexAndId("9.b", "10.a")).toBeLessThan(0);
  expect(compareIndexAndId("10.b", "10.a")).toBeGreaterThan(0);
  expect(compareIndexAndId("10.a", "10.a")).toBe(0);
});
