import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LongText } from "../../../../src/api/body/long-text.js";
import { parseJson } from "../../../../src/api/body/parse-json.js";

/** A long string somewhere among other values. */
const longString = fc
  .string({
    unit: fc.constantFrom("a", '"', "\\", "\n", "é", "\u{1f600}", "\u0000", ":", "}"),
    minLength: 600,
  })
  .map((text) => text.repeat(2));

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.jsonValue({ maxDepth: 1 }),
    longString,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("content", "path"), longString), tie("value"), {
      maxKeys: 4,
    }),
  ),
})).value;

/** Long texts as the strings they are. */
function plain(value: unknown): unknown {
  if (value instanceof LongText) return value.text();
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

describe("parsing a body", () => {
  test("gives what JSON.parse gives, however it is laid out", async () => {
    await fc.assert(
      fc.asyncProperty(json, fc.constantFrom(undefined, 1, "\t\n"), async (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(plain(await parseJson(Buffer.from(text)))).toEqual(JSON.parse(text));
      }),
    );
  });

  test("refuses what JSON.parse refuses", async () => {
    await fc.assert(
      fc.asyncProperty(
        json,
        fc.nat(),
        fc.constantFrom("", '"', "\\", "{", "]", ",", "\u0001"),
        async (value, at, put) => {
          const text = JSON.stringify(value);
          const position = at % text.length;
          // As bytes, since a cut surrogate pair is none.
          const spoiled = String(Buffer.from(text.slice(0, position) + put + text.slice(position + 1)));
          const expected = outcome(() => JSON.parse(spoiled));
          const actual = await parseJson(Buffer.from(spoiled)).then(
            (parsed) => outcome(() => plain(parsed)),
            () => "refused",
          );
          expect(actual).toEqual(expected);
        },
      ),
    );
  });

  test("long strings of the field content alone share the body's memory", async () => {
    const text = "x".repeat(5000);
    const body = Buffer.from(JSON.stringify({ copy: [{ path: text, content: text }], other: text }));
    const parsed = (await parseJson(body)) as { copy: [{ path: string; content: LongText }]; other: string };
    expect(parsed.other).toBe(text);
    expect(parsed.copy[0].path).toBe(text);
    expect(parsed.copy[0].content).toBeInstanceOf(LongText);
    expect(parsed.copy[0].content.raw.buffer).toBe(body.buffer);
  });

  test("a string that looks like a long one's mark is just a string", async () => {
    const body = { content: "x".repeat(2000), a: "\u0000:0", b: `\u0000${"0".repeat(32)}:0` };
    expect(plain(await parseJson(Buffer.from(JSON.stringify(body))))).toEqual(body);
  });

  test("a name that is long stays a name", async () => {
    const name = "N".repeat(3000);
    expect(await parseJson(Buffer.from(`{"${name}" \n: "v"}`))).toEqual({ [name]: "v" });
  });
});

function outcome(parse: () => unknown): unknown {
  try {
    return parse();
  } catch {
    return "refused";
  }
}
