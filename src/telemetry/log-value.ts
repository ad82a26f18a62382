/** Longest text of one value, in UTF-16 units; what is cut ends in an ellipsis. Bounds a line that repeats a client's input. */
const MAX_LENGTH = 8192;
const MAX_CAUSES = 5;

/** Cuts a text to what one value may take. */
export const bounded = (text: string): string =>
  text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;

/**
 * A value as JSON can hold it: an error is its message with those of its causes (no stack, which has paths), what JSON cannot hold is
 * its text. Never throws.
 */
export function plainValue(value: unknown): unknown {
  try {
    if (value instanceof Error) return bounded(errorText(value));
    if (typeof value === "string") return bounded(value);
    if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
    if (value === null || typeof value === "boolean") return value;
    if (typeof value !== "object") return bounded(String(value));
    const json = JSON.stringify(value, (_, part) => (part instanceof Error ? errorText(part) : big(part)));
    return json.length > MAX_LENGTH ? bounded(json) : JSON.parse(json);
  } catch {
    return "(not printable)";
  }
}

const big = (value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);

function errorText(error: Error): string {
  const parts: string[] = [];
  for (let at: unknown = error; at instanceof Error && parts.length < MAX_CAUSES; at = at.cause) {
    const text = String(at.message || at.name);
    if (!parts.some((part) => part.includes(text))) parts.push(text);
  }
  return parts.join(": ");
}
