import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MarkerScanner } from "../../../src/shell/marker.js";
import { createNonce, nonceLength } from "../../../src/shell/nonce.js";

/** `text` in pieces, cut at `cuts`. */
function pieces(text: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => text.subarray(from, at[index] ?? text.length));
}

function scan(chunks: readonly Buffer[], options: { readonly nonce: string; readonly exitCode: boolean }) {
  const scanner = new MarkerScanner(options);
  const results = chunks.map((chunk) => scanner.push(chunk));
  return {
    data: Buffer.concat(results.map(({ data }) => data)),
    markers: results.flatMap(({ marker }) => (marker === undefined ? [] : [marker.exitCode])),
    held: scanner.flush(),
  };
}

const nonce = fc.constantFrom("1".repeat(39), "12".repeat(19).padEnd(39, "1"), createNonce());
const code = fc.integer({ min: 0, max: 255 });
const cuts = fc.array(fc.nat(), { maxLength: 12 });
/** Output that often looks like the beginning of the marker. */
const output = (value: string) =>
  fc
    .array(
      fc.oneof(
        fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
        fc.nat(value.length).map((length) => Buffer.from(value.slice(0, length))),
        fc.constant(Buffer.from(`${value.slice(0, -1)}x:000\n`)),
      ),
      { maxLength: 8 },
    )
    .map((parts) => Buffer.concat(parts))
    .filter((text) => !text.includes(value));

describe("MarkerScanner", () => {
  it("finds the marker however it is torn, whatever comes before and after", () => {
    const cases = nonce.chain((value) =>
      fc.tuple(fc.constant(value), output(value), code, fc.constantFrom("\n", "\r\n", "", "\nlate"), cuts),
    );
    fc.assert(
      fc.property(cases, ([value, before, exitCode, after, where]) => {
        // A marker whose nonce begins inside the output before is not there in practice: 128 random bits.
        fc.pre(!/^\d$/.test(before.toString("latin1").slice(-1)));
        const text = Buffer.concat([
          before,
          Buffer.from(`${value}:${String(exitCode).padStart(3, "0")}${after}`),
        ]);
        const found = scan(pieces(text, where), { nonce: value, exitCode: true });
        expect(found.markers).toEqual([exitCode]);
        expect(found.data.equals(before)).toBe(true);
        expect(found.held.length).toBe(0);
      }),
    );
  });

  it("finds the marker without an exit code", () => {
    fc.assert(
      fc.property(cuts, fc.constantFrom("", "\n"), (where, after) => {
        const value = createNonce();
        const found = scan(pieces(Buffer.from(`out${value}${after}`), where), {
          nonce: value,
          exitCode: false,
        });
        expect([found.data.toString(), found.markers]).toEqual(["out", [0]]);
      }),
    );
  });

  it("passes everything that is no marker, and holds back no more than the beginning of one", () => {
    const cases = nonce.chain((value) => fc.tuple(fc.constant(value), output(value), cuts));
    fc.assert(
      fc.property(cases, ([value, text, where]) => {
        const found = scan(pieces(text, where), { nonce: value, exitCode: true });
        expect(found.markers).toEqual([]);
        expect(Buffer.concat([found.data, found.held]).equals(text)).toBe(true);
        expect(`${value}:`.startsWith(found.held.toString("latin1"))).toBe(true);
      }),
    );
  });

  it.each(["256", "99x", "-01"])("does not take %j for an exit code", (digits) => {
    const value = createNonce();
    const text = `${value}:${digits}\n`;
    expect(scan([Buffer.from(text)], { nonce: value, exitCode: true })).toMatchObject({ markers: [] });
  });
});

describe("createNonce", () => {
  it("makes decimal digits of one length, each time others", () => {
    const nonces = Array.from({ length: 200 }, createNonce);
    expect(nonces.every((value) => /^\d+$/.test(value) && value.length === nonceLength)).toBe(true);
    expect(new Set(nonces).size).toBe(200);
  });
});
