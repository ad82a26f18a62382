import fc from "fast-check";
import { expect, test } from "vitest";
import { claimedMeta, freeMeta, readMark, reservedMeta } from "../../../src/runner/marks.js";

test("every timeout that a client may ask for is read as it was stored", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (timeout) => {
      expect(readMark(claimedMeta({ other: "kept" }, timeout))).toEqual({ kind: "claimed", timeout });
    }),
    { examples: [[0], [Number.MAX_SAFE_INTEGER]] },
  );
});

test.each(["", "soon", "-1", "1.5", "1e3", " 7", "9007199254740992", "0x10", "٣"])(
  "%j is no timeout",
  (timeout) => {
    expect(readMark({ used: "true", timeout })).toEqual({ kind: "claimed", timeout: undefined });
  },
);

test("a mark is what was written last", () => {
  const reserved = reservedMeta({ other: "kept", used: "false" }, "me");
  expect(readMark(reserved)).toEqual({ kind: "reserved", by: "me", timeout: 60 });
  expect(claimedMeta(reserved, 7)).toEqual({ other: "kept", used: "true", timeout: "7" });
  expect(freeMeta(reserved)).toEqual({ other: "kept", used: "false" });
  expect(readMark(freeMeta(reserved))).toEqual({ kind: "free" });
});
