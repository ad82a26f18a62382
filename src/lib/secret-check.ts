import { createHash, timingSafeEqual } from "node:crypto";

const digest = (bytes: string | Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

/**
 * Makes the comparison with a secret. Digests are compared in constant time, so that how long it takes tells neither where another text differs nor how
 * long the secret is. Every check of a token goes through here.
 */
export function secretCheck(secret: string | Uint8Array): (given: string | Uint8Array) => boolean {
  const expected = digest(secret);
  return (given) => timingSafeEqual(digest(given), expected);
}
