import * as crypto from "node:crypto";
import fc from "fast-check";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";

vi.mock("node:crypto", async (original) => {
  const real = await original<typeof crypto>();
  return { ...real, timingSafeEqual: vi.fn(real.timingSafeEqual) };
});
// Other test files have loaded them with the real comparison, and will again.
vi.resetModules();
const { guardRequest } = await import("../../../src/agent/http/guard.js");
const { tokenCheck } = await import("../../../src/api/plugins/auth.js");
const { secretCheck } = await import("../../../src/lib/secret-check.js");
afterAll(() => {
  vi.doUnmock("node:crypto");
  vi.resetModules();
});
const compare = vi.mocked(crypto.timingSafeEqual);
const real = (await vi.importActual<typeof crypto>("node:crypto")).timingSafeEqual;
afterEach(() => compare.mockReset().mockImplementation(real));

it("tells the secret from everything else", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (secret, other) => {
      expect(secretCheck(secret)(secret)).toBe(true);
      expect(secretCheck(secret)(other)).toBe(Buffer.from(other).equals(Buffer.from(secret)));
      expect(secretCheck(secret)(`${secret}${other}`)).toBe(other === "");
    }),
  );
});

/** Every place where a token is checked, as a function of what was given. */
const guarded = (token: string, given: string): boolean => {
  try {
    guardRequest({ host: "localhost", "x-nomad-token": given }, token);
    return true;
  } catch {
    return false;
  }
};
const PLACES = {
  "the server": (token: string, given: string) => tokenCheck(token)(given),
  "the embedded agent": guarded,
};

describe.each(Object.entries(PLACES))("for %s", (_, isToken) => {
  it("the constant-time comparison of two digests decides alone", () => {
    for (const given of ["token", "t", "token and more", "", "TOKEN"]) {
      for (const answer of [true, false]) {
        compare.mockReset().mockReturnValue(answer);
        // Whatever compared the texts themselves, or their lengths, would know better.
        expect(isToken("token", given), given).toBe(answer);
        expect(compare).toHaveBeenCalledTimes(1);
        const [one, other] = compare.mock.calls[0] ?? [];
        expect([one?.byteLength, other?.byteLength]).toEqual([32, 32]);
      }
    }
  });

  it("the token alone is right", () => {
    expect(["token", "", "t", "tokens", "Token"].map((given) => isToken("token", given))).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
