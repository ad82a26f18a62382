import { randomBytes } from "node:crypto";

/** Decimal digits of a nonce. */
export const nonceLength = 39;

/**
 * A secret number of 128 random bits, as decimal digits of one length: a terminal may change the case of letters, never digits
 * (runner-shell.md, "End markers").
 */
export function createNonce(): string {
  return BigInt(`0x${randomBytes(16).toString("hex")}`)
    .toString(10)
    .padStart(nonceLength, "0");
}
