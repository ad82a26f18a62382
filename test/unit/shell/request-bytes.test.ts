import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { requestBytes, terminalSafe } from "../../../src/shell/request-bytes.js";

describe("requestBytes", () => {
  it("counts bytes, so that words may hold anything", () => {
    expect(requestBytes("17", ["é\n", "", "x"]).toString()).toBe("17\n3 0 1\né\nx");
    expect(requestBytes("17", []).toString()).toBe("17\n\n");
  });
});

describe("terminalSafe", () => {
  it("is printable ASCII that a real shell turns back into the bytes", () => {
    const bytes = fc
      .uint8Array({ maxLength: 300 })
      .map((array) => Buffer.from(array.filter((byte) => byte !== 0)));
    fc.assert(
      fc.property(bytes, (data) => {
        const text = terminalSafe(data).toString("latin1");
        expect(text).toMatch(/^[ -~]*$/);
        const { stdout } = spawnSync("bash", ["-c", 'printf %b "$1"', "bash", text]);
        expect(stdout.equals(data)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
