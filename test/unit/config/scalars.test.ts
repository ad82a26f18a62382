import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseBoolean, parseInteger, parseList, parseNumber } from "../../../src/config/scalars.js";

describe("parseBoolean", () => {
  it("knows the words of queries in variables", () => {
    for (const word of ["1", "t", "T", "TRUE", "true", "True"])
      expect(parseBoolean(word, "variable")).toBe(true);
    for (const word of ["0", "f", "F", "FALSE", "false", "False"])
      expect(parseBoolean(word, "variable")).toBe(false);
    for (const word of ["yes", "on", "tRUE", "", "2", " true"])
      expect(parseBoolean(word, "variable")).toBe(undefined);
  });

  it("knows YAML 1.1's words in a file", () => {
    for (const word of ["true", "yes", "Yes", "YES", "on", "On", "y"])
      expect(parseBoolean(word, "file")).toBe(true);
    for (const word of ["false", "no", "No", "NO", "off", "OFF", "n"])
      expect(parseBoolean(word, "file")).toBe(false);
    for (const word of ["1", "0", "t", "yEs", ""]) expect(parseBoolean(word, "file")).toBe(undefined);
  });
});

describe("parseInteger", () => {
  it.each([
    ["30_000", 30_000],
    ["0x1F", 31],
    ["0b101", 5],
    ["0o17", 15],
    ["017", 15],
    ["08", 8],
    ["+7", 7],
    ["-0x10", -16],
    ["1e3", 1000],
    ["7.0", 7],
    ["-0", 0],
    ["1.5", undefined],
    ["_1", undefined],
    ["", undefined],
    ["1 000", undefined],
    ["0x", undefined],
    [".inf", undefined],
  ])("reads %s in a file as Go's YAML does", (text, value) => {
    expect(parseInteger(text, "file")).toBe(value);
  });

  it.each([
    ["010", 10],
    ["-5", -5],
    ["30_000", undefined],
    ["0x10", undefined],
    ["1e3", undefined],
    ["7.0", undefined],
  ])("reads %s in a variable as decimal digits only", (text, value) => {
    expect(parseInteger(text, "variable")).toBe(value);
  });

  it("reads back every safe integer, with underscores too", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (number) => {
        expect(parseInteger(String(number), "variable")).toBe(number);
        expect(parseInteger(String(number), "file")).toBe(number);
        expect(parseInteger(String(number).replaceAll(/(?<=\d)(?=\d)/g, "_"), "file")).toBe(number);
      }),
    );
  });
});

describe("parseNumber", () => {
  it("reads back every finite number", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(parseNumber(String(number), "file")).toBe(number + 0);
        expect(parseNumber(String(number), "variable")).toBe(number + 0);
      }),
    );
  });
});

describe("parseList", () => {
  it("separates by spaces and drops a pair of quotes around all", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z0-9./:]+$/)), (items) => {
        expect(parseList(items.join(" "))).toEqual(items);
        expect(parseList(`"${items.join("  ")}"`)).toEqual(items);
      }),
    );
    expect(parseList('"')).toEqual(['"']);
    expect(parseList('"a')).toEqual(['"a']);
  });
});
