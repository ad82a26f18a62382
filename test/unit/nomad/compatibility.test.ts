import { describe, expect, it } from "vitest";
import { compatibilityWarnings } from "../../../src/nomad/compatibility.js";

const of = (version: string | undefined, memoryOversubscription: boolean | undefined = true) =>
  compatibilityWarnings({
    agent: { version, region: "global" },
    scheduler: memoryOversubscription === undefined ? undefined : { memoryOversubscription },
  });

describe("compatibilityWarnings", () => {
  it.each(["1.10.5", "1.8.0", "1.8.4+ent", "1.9.1", "1.11.0-beta.1", "2.0.0", "v1.10.0"])(
    "has nothing against %s",
    (version) => {
      expect(of(version)).toEqual([]);
    },
  );

  it.each([
    ["1.9.0", "hang"],
    ["1.9.0+ent", "hang"],
    ["1.7.7", "older"],
    ["0.12.0", "older"],
    ["dev", "cannot be read"],
  ])("warns of %s", (version, word) => {
    expect(of(version)).toEqual([expect.stringContaining(word)]);
  });

  it("warns when memory oversubscription is off, and judges nothing that it cannot read", () => {
    expect(of("1.10.5", false)).toEqual([expect.stringContaining("memory oversubscription is off")]);
    expect(compatibilityWarnings({ agent: undefined, scheduler: undefined })).toEqual([]);
    expect(of(undefined)).toEqual([]);
  });
});
