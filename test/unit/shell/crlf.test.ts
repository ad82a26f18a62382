import fc from "fast-check";
import { expect, it } from "vitest";
import { withTerminalLineEnds } from "../../../src/shell/crlf.js";

it("makes each newline a terminal's line end, and nothing else", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "\n", "\r", "é") }), (text) => {
      expect(withTerminalLineEnds(Buffer.from(text)).toString()).toBe(text.replaceAll("\n", "\r\n"));
    }),
  );
});
