import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter, LineTooLongError } from "../../../src/lib/line-splitter.js";

describe("LineSplitter", () => {
  it("finds the same lines however the bytes are torn", () => {
    const text = fc
      .array(fc.string({ unit: "grapheme" }).map((line) => line.replaceAll("\n", "")))
      .map((lines) => lines);
    fc.assert(
      fc.property(text, fc.array(fc.nat(20)), (lines, sizes) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
        const splitter = new LineSplitter({ maximum: 10_000 });
        const found: string[] = [];
        let at = 0;
        for (const size of sizes) {
          found.push(...splitter.push(bytes.subarray(at, at + size)));
          at = Math.min(at + size, bytes.length);
        }
        found.push(...splitter.push(bytes.subarray(at)));
        expect(found).toEqual(lines);
        expect(splitter.pending).toBe(false);
      }),
    );
  });

  it("tells whether a line has begun", () => {
    const splitter = new LineSplitter({ maximum: 10 });
    expect(splitter.push(Buffer.from("a\nb"))).toEqual(["a"]);
    expect(splitter.pending).toBe(true);
    expect(splitter.push(Buffer.from("c\n"))).toEqual(["bc"]);
  });

  it("refuses a longer line, in one piece or in many", () => {
    expect(() => new LineSplitter({ maximum: 3 }).push(Buffer.from("abcd\n"))).toThrow(LineTooLongError);
    const splitter = new LineSplitter({ maximum: 3 });
    expect(splitter.push(Buffer.from("abc"))).toEqual([]);
    expect(() => splitter.push(Buffer.from("d"))).toThrow(LineTooLongError);
    expect(new LineSplitter({ maximum: 3 }).push(Buffer.from("abc\nabc\n"))).toEqual(["abc", "abc"]);
  });
});
