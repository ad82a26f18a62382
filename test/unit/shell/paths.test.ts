import { posix } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanPath, isDirectoryPath } from "../../../src/shell/paths.js";

const path = fc
  .array(fc.constantFrom("a", "b b", "..", ".", "", "...", "é"), { maxLength: 8 })
  .chain((parts) => fc.constantFrom("", "/", "//").map((start) => start + parts.join("/")));

describe("cleanPath", () => {
  it.each([
    ["", "."],
    ["a/../b", "b"],
    ["a//b/", "a/b"],
    ["./x", "x"],
    ["../a", "../a"],
    ["/../a", "/a"],
    ["/", "/"],
    ["././*", "*"],
  ])("%j is %j", (given, clean) => {
    expect(cleanPath(given)).toBe(clean);
  });

  it("agrees with Node's own, but for a slash at the end", () => {
    fc.assert(
      fc.property(path, (given) => {
        const expected = posix.normalize(given);
        expect(cleanPath(given)).toBe(expected.length > 1 ? expected.replace(/\/$/, "") : expected);
      }),
    );
  });

  it("changes a clean path no more", () => {
    fc.assert(fc.property(path, (given) => cleanPath(cleanPath(given)) === cleanPath(given)));
  });
});

it("takes a path that ends in a slash for a directory", () => {
  expect([isDirectoryPath("a/"), isDirectoryPath("a"), isDirectoryPath("")]).toEqual([true, false, false]);
});
