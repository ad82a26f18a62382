import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { authorityOf, parseAuthority } from "../../../src/nomad/endpoint.js";
import { oneLine } from "../../../src/nomad/words.js";

describe("oneLine", () => {
  it("makes a line of a tree with several errors", () => {
    expect(
      oneLine("2 errors occurred:\n\t* first thing\n\t* second: 1 error occurred:\n\t* deep\n\n\n"),
    ).toBe("first thing; second: deep");
  });

  it("masks credentials in addresses and leaves the rest", () => {
    expect(oneLine("pull of https://user:pass@registry.test/image:1 failed")).toBe(
      "pull of https://…@registry.test/image:1 failed",
    );
  });

  it("is one bounded line of printable characters, whatever comes in", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ minLength: 2_000, maxLength: 5_000 })), (text) => {
        const line = oneLine(text);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not get through
        expect(line).not.toMatch(/[\u0000-\u001f\u007f]/);
        expect(line.length).toBeLessThanOrEqual(1_001);
      }),
    );
  });
});

describe("endpoints", () => {
  it("come back from their text, IPv6 too", () => {
    for (const endpoint of [
      { host: "10.0.0.5", port: 4646 },
      { host: "node.test", port: 1 },
      { host: "fe80::1", port: 65_535 },
    ]) {
      expect(parseAuthority(authorityOf(endpoint))).toEqual(endpoint);
    }
  });

  it("are not made of anything else", () => {
    for (const text of [
      "",
      "host",
      "host:",
      ":4646",
      "host:0",
      "host:65536",
      "user@host:1",
      "a/b:1",
      "::1:4646",
      "[x]:1",
    ]) {
      expect(parseAuthority(text), text).toBeUndefined();
    }
  });
});
