/** Any JSON object of a request. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** `value` as a JSON object; an empty one when it is anything else. */
export function asObject(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** `value` as a list of JSON objects; empty when it is anything else. */
export function asObjects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}

/** `value` as a number, `fallback` when it is none. */
export function asNumber(value: unknown, fallback: number): number {
  return typeof value === "number" ? value : fallback;
}

/** `value` as a text, `fallback` when it is none. */
export function asText(value: unknown, fallback = ""): string {
  return typeof value === "string" ? value : fallback;
}

/**
 * `source` with `defaults` for what is missing or null. Keys that `defaults` does not have are dropped, as Nomad drops fields that it
 * does not know.
 */
export function withDefaults(source: JsonObject, defaults: JsonObject): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, fallback] of Object.entries(defaults)) result[key] = source[key] ?? fallback;
  return result;
}

/** Nomad stores an empty map or list as null. */
export function nullIfEmpty(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return null;
  return Object.keys(value).length === 0 ? null : value;
}
