import fc from "fast-check";
import { expect, test } from "vitest";
import { SortedKeys } from "../../../../src/agent/state/sorted-keys.js";

test("finds exactly the keys with a prefix, in order", () => {
  const key = fc.string({ unit: fc.constantFrom("a", "b", "-", "\0", "\uffff"), maxLength: 5 });
  fc.assert(
    fc.property(fc.array(key), fc.array(key), key, (added, deleted, prefix) => {
      const keys = new SortedKeys();
      for (const one of added) keys.add(one);
      for (const one of deleted) keys.delete(one);
      const expected = [...new Set(added)].filter((one) => !deleted.includes(one) && one.startsWith(prefix));
      expect(keys.withPrefix(prefix)).toEqual(expected.sort());
    }),
  );
});
