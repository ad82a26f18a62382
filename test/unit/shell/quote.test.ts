import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shellQuote } from "../../../src/shell/quote.js";
import { isUtf8 } from "./support/text.js";

describe("shellQuote", () => {
  it("makes one word of any text, for a real shell", () => {
    const word = fc
      .string({ unit: "binary", maxLength: 40 })
      .filter((text) => !text.includes("\0") && isUtf8(text));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
        const { stdout } = spawnSync("bash", ["-c", `printf '%s\\0' ${words.map(shellQuote).join(" ")}`]);
        expect(stdout.toString().split("\0").slice(0, -1)).toEqual(words);
      }),
      { numRuns: 30 },
    );
  });

  it("refuses NUL", () => {
    expect(() => shellQuote("a\0b")).toThrow(TypeError);
  });
});
