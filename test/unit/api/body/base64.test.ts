import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBase64 } from "../../../../src/api/body/base64.js";
import { LongText } from "../../../../src/api/body/long-text.js";

/** The text as bytes of a JSON string, with escapes of the sender's choice. */
const long = (text: string, write: (char: string) => string = (char) => char): LongText =>
  new LongText(Buffer.from(text.replace(/[\s\S]/g, (char) => write(char))));

const lineBreak = (char: string): string => (char === "\n" ? "\\n" : char === "\r" ? "\\r" : char);
const unicode = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
const slash = (char: string): string => (char === "/" ? "\\/" : lineBreak(char));

describe("base64", () => {
  test("of any bytes, with any line breaks and escapes, gives the bytes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 1, max: 80 }),
        async (bytes, width) => {
          const text = Buffer.from(bytes)
            .toString("base64")
            .replace(new RegExp(`.{${width}}`, "g"), "$&\r\n");
          const expected = Buffer.from(bytes);
          expect(await decodeBase64(text)).toEqual(expected);
          expect(await decodeBase64(long(text, lineBreak))).toEqual(expected);
          expect(await decodeBase64(long(text, slash))).toEqual(expected);
          expect(await decodeBase64(long(text, unicode))).toEqual(expected);
        },
      ),
    );
  });

  test("one wrong character anywhere is refused", async () => {
    const wrong = fc.constantFrom("-", "_", "*", " ", "\t", "\0", "é", "\u0141", "\u{1f600}");
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        fc.nat(),
        wrong,
        async (bytes, at, char) => {
          const text = Buffer.from(bytes).toString("base64");
          const padding = text.indexOf("=") === -1 ? text.length : text.indexOf("=");
          const position = at % padding;
          const spoiled = text.slice(0, position) + char + text.slice(position + 1);
          if (spoiled === text) return;
          expect(await decodeBase64(spoiled)).toBeUndefined();
          expect(await decodeBase64(long(spoiled))).toBeUndefined();
        },
      ),
    );
  });

  test.each(["Y", "YQ", "YQ=", "Y===", "====", "=", "YQ==YQ==", "YWJj=", "YWJj====", "YQ==\0"])(
    "%j is none",
    async (text) => {
      expect(await decodeBase64(text)).toBeUndefined();
      expect(await decodeBase64(long(text))).toBeUndefined();
    },
  );

  test.each(["\\", "YW\\tj", "\\u00", "\\u00zz", "\\u0141AAA", "\\x41", '\\"', "YWJj\\"])(
    "the escape in %s is refused",
    async (raw) => {
      expect(await decodeBase64(new LongText(Buffer.from(raw)))).toBeUndefined();
    },
  );

  test("is decoded in place, across the steps", async () => {
    const bytes = Buffer.from(Uint8Array.from({ length: 9 * 1024 * 1024 + 1 }, (_, at) => at * 7));
    const content = new LongText(Buffer.from(bytes.toString("base64")));
    const decoded = await decodeBase64(content);
    expect(decoded?.equals(bytes)).toBe(true);
    expect(decoded?.buffer).toBe(content.raw.buffer);
  });
});
