const TRUE = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const FALSE = new Set(["0", "f", "F", "FALSE", "false", "False"]);

/** The query parameters of one request: of a repeated one the first counts, and an empty one is as missing. */
export type Query = Readonly<Record<string, string | undefined>>;

/** Reads a query string (without `?`). */
export function parseQuery(text: string): Query {
  const query: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(text)) query[name] ??= value;
  return query;
}

/** A query's truth value (rest-api.md, "Booleans in queries"). Undefined: missing or empty; "invalid": none of the accepted forms. */
export function queryBoolean(value: string | undefined): boolean | undefined | "invalid" {
  if (value === undefined || value === "") return undefined;
  if (TRUE.has(value)) return true;
  return FALSE.has(value) ? false : "invalid";
}

/** A truth value for which anything else than an accepted form means the default. */
export function lenientBoolean(value: string | undefined, missing: boolean): boolean {
  const parsed = queryBoolean(value);
  return typeof parsed === "boolean" ? parsed : missing;
}
