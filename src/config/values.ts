import type { KeyKind } from "./keys.js";
import { parseBoolean, parseInteger, parseList, parseNumber, type TextSource } from "./scalars.js";

/** A value as the YAML file gives it: every scalar is its text, so that each key decides what it means. */
export type RawValue = string | null | readonly RawValue[] | { readonly [key: string]: RawValue };

export const isSection = (value: RawValue | undefined): value is { readonly [key: string]: RawValue } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads one value of a kind; undefined when it is not of that kind. Ranges and words are the schema's to check. */
export function readValue(kind: KeyKind, raw: RawValue, source: TextSource): unknown {
  if (kind === "texts") return source === "variable" ? parseList(String(raw)) : texts(raw);
  if (kind === "map") return textMap(raw);
  if (kind === "ports") return ports(raw);
  return typeof raw === "string" ? scalar(kind, raw, source) : undefined;
}

function scalar(kind: "text" | "integer" | "number" | "boolean", text: string, source: TextSource): unknown {
  switch (kind) {
    case "text":
      return text;
    case "integer":
      return parseInteger(text, source);
    case "number":
      return parseNumber(text, source);
    case "boolean":
      return parseBoolean(text, source);
  }
}

function texts(raw: RawValue): readonly string[] | undefined {
  if (!Array.isArray(raw)) return undefined;
  const items: readonly RawValue[] = raw;
  return items.every((item) => item === null || typeof item === "string")
    ? items.map((item) => (item === null ? "" : String(item)))
    : undefined;
}

function textMap(raw: RawValue): Readonly<Record<string, string>> | undefined {
  if (!isSection(raw)) return undefined;
  const entries: [string, string][] = [];
  for (const [name, value] of Object.entries(raw)) {
    if (value !== null && typeof value !== "string") return undefined;
    entries.push([name, value ?? ""]);
  }
  return Object.fromEntries(entries);
}

/** The keys of one port; numbers are read here, texts stay. */
const PORT_FIELDS: ReadonlyMap<string, "text" | "integer"> = new Map([
  ["label", "text"],
  ["value", "integer"],
  ["to", "integer"],
  ["hostnetwork", "text"],
]);

function ports(raw: RawValue): readonly Readonly<Record<string, unknown>>[] | undefined {
  if (!Array.isArray(raw)) return undefined;
  const list: Readonly<Record<string, unknown>>[] = [];
  for (const item of raw as readonly RawValue[]) {
    if (!isSection(item)) return undefined;
    const port: Record<string, unknown> = {};
    for (const [name, kind] of PORT_FIELDS) {
      const value = item[name];
      if (value === undefined || value === null) continue;
      const read = typeof value === "string" ? scalar(kind, value, "file") : undefined;
      if (read === undefined) return undefined;
      port[name] = read;
    }
    list.push(port);
  }
  return list;
}

/** Names in a list of ports that mean nothing. */
export function unknownPortFields(raw: RawValue): readonly string[] {
  if (!Array.isArray(raw)) return [];
  const names = (raw as readonly RawValue[]).flatMap((item) => (isSection(item) ? Object.keys(item) : []));
  return [...new Set(names)].filter((name) => !PORT_FIELDS.has(name));
}
