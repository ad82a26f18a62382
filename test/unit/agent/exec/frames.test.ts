import fc from "fast-check";
import { expect, test } from "vitest";
import { exitedFrame, outputFrames, parseInputFrame } from "../../../../src/agent/exec/frames.js";

test("output is framed whole, in order, at most 1,024 bytes a frame", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5_000 }), (bytes) => {
      const chunk = Buffer.from(bytes);
      const parts = [...outputFrames("stdout", chunk)].map((frame) =>
        Buffer.from((JSON.parse(frame) as { stdout: { data: string } }).stdout.data, "base64"),
      );
      expect(Buffer.concat(parts)).toEqual(chunk);
      expect(parts.every((part) => part.length > 0 && part.length <= 1_024)).toBe(true);
    }),
  );
});

test("exit code 0 is left out", () => {
  expect(JSON.parse(exitedFrame(0))).toEqual({ exited: true, result: {} });
  expect(JSON.parse(exitedFrame(7))).toEqual({ exited: true, result: { exit_code: 7 } });
});

test("any JSON is read without an exception but what is no object", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom("stdin", "tty_size", "x"), fc.jsonValue()), (frame) => {
      expect(() => parseInputFrame(JSON.stringify(frame))).not.toThrow();
    }),
  );
  expect(() => parseInputFrame("null")).toThrow(SyntaxError);
  expect(() => parseInputFrame("{")).toThrow(SyntaxError);
});
