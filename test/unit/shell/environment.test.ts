import { describe, expect, it } from "vitest";
import { checkCommandSize } from "../../../src/shell/command-size.js";
import { environmentPairs } from "../../../src/shell/environment.js";

describe("environmentPairs", () => {
  it("has CODEOCEAN=true last, whatever the request says", () => {
    expect(environmentPairs({ B: "2", CODEOCEAN: "no", A: "" })).toEqual(["B=2", "A=", "CODEOCEAN=true"]);
  });
});

describe("checkCommandSize", () => {
  const check = (command: string, environment: Record<string, string> = {}) =>
    checkCommandSize({ command, environment });
  const kib = 1024;

  it("takes what a process can be given", () => {
    expect(check("")).toBeUndefined();
    expect(check("x".repeat(1024 * kib - "CODEOCEAN=true".length))).toBeUndefined();
    expect(check("", { A: "x".repeat(128 * kib - 3) })).toBeUndefined();
  });

  it("refuses more than 1 MiB in sum, in bytes", () => {
    expect(check("x".repeat(1024 * kib))).toMatch(/1 MiB/);
    expect(check("é".repeat(513 * kib))).toMatch(/1 MiB/);
    const values = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`A${i}`, "x".repeat(120 * kib)]));
    expect(check("", values)).toMatch(/1 MiB/);
  });

  it("refuses a variable of 128 KiB, naming it and not its value", () => {
    const message = check("", { LONG: "x".repeat(128 * kib - 5) });
    expect(message).toMatch(/LONG/);
    expect(message).not.toMatch(/xx/);
  });

  it("refuses more variables than the kernel has room for", () => {
    const many = Object.fromEntries(Array.from({ length: 130_000 }, (_, i) => [`a${i.toString(36)}`, ""]));
    expect(check("", many)).toMatch(/1 MiB/);
  });
});
