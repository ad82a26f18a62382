import { HttpError } from "../http-error.js";

/**
 * Nomad looks records up by their 36 characters and says so otherwise.
 * @throws HttpError 500
 */
export function checkUuid(id: string, kind: "alloc" | "eval" | "node"): void {
  if (id.length === 36) return;
  const lookup = kind === "eval" ? "failed to lookup eval: eval lookup" : `${kind} lookup`;
  throw new HttpError(500, `${lookup} failed: index error: UUID must be 36 characters`);
}

/**
 * Lists of allocations, evaluations and nodes take a prefix of an **id**, which is hexadecimal, not of a job's id.
 * @throws HttpError 500
 */
export function checkIdPrefix(prefix: string, kind: "alloc" | "eval" | "node"): void {
  const digits = prefix.replaceAll("-", "");
  let problem: string | undefined;
  if (prefix.length > 36) problem = `Invalid UUID length. UUID have 36 characters; got ${prefix.length}`;
  else if (digits.length % 2 === 1) problem = "Input (without hyphens) must be even length";
  else if (!/^[0-9a-fA-F]*$/.test(digits)) {
    const wrong = /[^0-9a-fA-F]/.exec(digits)?.[0] ?? "";
    const code = (wrong.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    problem = `Invalid UUID: encoding/hex: invalid byte: U+${code} '${wrong}'`;
  }
  if (problem !== undefined) throw new HttpError(500, `${kind} lookup failed: index error: ${problem}`);
}
