import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeExecOutput, encodeInput, endOfInput, FrameError } from "../../../src/nomad/frames.js";

const message = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));

describe("decodeExecOutput", () => {
  it("returns the bytes of any piece of data", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 3_000 }),
        fc.constantFrom("stdout", "stderr"),
        (bytes, stream) => {
          const data = Buffer.from(bytes);
          const output = decodeExecOutput(message({ [stream]: { data: data.toString("base64") } }));
          expect(output).toEqual({ [stream]: data });
        },
      ),
    );
  });

  it("reads the same from other spellings of the same message", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
        const data = Buffer.from(bytes);
        const base64 = data.toString("base64");
        const escaped = [...base64]
          .map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
          .join("");
        for (const text of [
          `{"stdout":{"data":"${base64}"},"new":{"x":"y"}}`,
          `{ "stdout" : {"data":"${base64}"}}\n`,
          `{"stdout":{"close":true,"data":"${base64}"}}`,
          `{"stdout":{"data":"${escaped}"}}`,
        ]) {
          expect(decodeExecOutput(message(text))).toEqual({ stdout: data });
        }
      }),
    );
  });

  it("reads two streams in one message, which begins and ends like a single one", () => {
    const output = decodeExecOutput(message({ stdout: { data: "QUJD" }, stderr: { data: "REVG" } }));
    expect(output).toEqual({ stdout: Buffer.from("ABC"), stderr: Buffer.from("DEF") });
  });

  it("reads exit codes; 0 is an empty result, and without a result it is no exit", () => {
    expect(decodeExecOutput(message({ exited: true, result: {} }))).toEqual({ exitCode: 0 });
    expect(decodeExecOutput(message({ exited: true, result: { exit_code: 137 } }))).toEqual({
      exitCode: 137,
    });
    expect(decodeExecOutput(message({ exited: true }))).toEqual({});
  });

  it("takes heartbeats and closes for nothing", () => {
    for (const value of [{}, { stdout: { close: true } }, { stderr: { close: true } }]) {
      expect(decodeExecOutput(message(value))).toEqual({});
    }
  });

  it("refuses what it cannot read whole, and never gives bytes that were not sent", () => {
    for (const text of [
      "",
      "null",
      "[]",
      "not json",
      '{"stdout":{"data":"QUJ"}}',
      '{"stdout":{"data":"QUJ*"}}',
      '{"stdout":{"data":"QQ==QUJD"}}',
      '{"stdout":{"data":"====" }}',
      '{"stdout":{"data":"QUJDQUJD"}',
      '{"stdout":{"data":1}}',
      '{"exited":true,"result":{"exit_code":"1"}}',
    ]) {
      expect(() => decodeExecOutput(message(text)), text).toThrow(FrameError);
    }
  });

  it("never throws anything but a FrameError", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string().map((s) => `{"stdout":{"data":"${s}"}}`),
        ),
        (text) => {
          try {
            decodeExecOutput(message(text));
          } catch (error) {
            expect(error).toBeInstanceOf(FrameError);
          }
        },
      ),
    );
  });
});

describe("encodeInput", () => {
  it("encodes any bytes so that they come back", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const frame = JSON.parse(encodeInput(Buffer.from(bytes))) as { stdin: { data: string } };
        expect(Buffer.from(frame.stdin.data, "base64")).toEqual(Buffer.from(bytes));
      }),
    );
    expect(JSON.parse(endOfInput)).toEqual({ stdin: { close: true } });
  });
});
