import type { ConfigProblem } from "./errors.js";
import type { KeyKind } from "./keys.js";
import { SENTRY_SDK_KEYS } from "./other-sections.js";
import type { TextSource } from "./scalars.js";
import { type ConfigKey, configKeys } from "./schema.js";
import { isSection, type RawValue, readValue, unknownPortFields } from "./values.js";

/** What one source of values gave: values by key name, what was wrong, and what nobody knows. */
export interface Layer {
  readonly source: (key: ConfigKey) => string;
  readonly values: ReadonlyMap<string, unknown>;
  readonly problems: readonly ConfigProblem[];
  /** Names as they stand in the source, with why they count for nothing. */
  readonly unknown: readonly string[];
}

const FILE_ONLY: ReadonlySet<KeyKind> = new Set(["map", "ports"]);
const SHOWN_LENGTH = 200;

/** A problem that shows `raw`, unless it is a secret's. */
export function problemOf(key: ConfigKey, raw: unknown, source: string): ConfigProblem {
  const text = typeof raw === "string" ? raw : (JSON.stringify(raw) ?? "");
  const value = key.secret ? "(hidden)" : text.slice(0, SHOWN_LENGTH);
  return { key: key.name, value, allowed: key.allowed, source };
}

/** Reads `raw` for a key and checks it; undefined when it is wrong. */
function check(key: ConfigKey, raw: RawValue, source: TextSource): { readonly value: unknown } | undefined {
  const read = readValue(key.kind, raw, source);
  if (read === undefined) return undefined;
  const result = key.schema.safeParse(read);
  return result.success ? { value: result.data } : undefined;
}

/** The values of a parsed file. A key without a value (`token:`) is as if it were not there. */
export function fileLayer(root: { readonly [key: string]: RawValue }, path: string): Layer {
  const values = new Map<string, unknown>();
  const problems: ConfigProblem[] = [];
  const unknown: string[] = [];
  const keys = new Map(configKeys.map((key) => [key.name, key]));
  const sections = new Set(
    configKeys.flatMap((key) => key.path.map((_, depth) => key.path.slice(0, depth).join("."))),
  );

  const visit = (section: { readonly [key: string]: RawValue }, prefix: string): void => {
    for (const [part, raw] of Object.entries(section)) {
      const name = prefix === "" ? part : `${prefix}.${part}`;
      const key = keys.get(name);
      if (key !== undefined) take(key, raw);
      else if (!sections.has(name)) noteUnknown(name);
      else if (isSection(raw)) visit(raw, name);
      else if (raw !== null && raw !== "")
        problems.push({ key: name, value: "(no section)", allowed: "a section with keys", source: path });
    }
  };
  const take = (key: ConfigKey, raw: RawValue): void => {
    if (raw === null) return;
    const checked = check(key, raw, "file");
    if (checked === undefined) problems.push(problemOf(key, raw, path));
    else values.set(key.name, checked.value);
    if (key.kind === "ports") unknown.push(...unknownPortFields(raw).map((field) => `${key.name}.${field}`));
  };
  const noteUnknown = (name: string): void => {
    if (!isSentrySdkKey(name.split("."))) unknown.push(name);
  };

  visit(root, "");
  return { source: () => path, values, problems, unknown };
}

/** The values of the variables that start with `POSEIDON_`. An empty one empties a text that may be empty and is else as unset. */
export function variableLayer(environment: Readonly<Record<string, string | undefined>>): Layer {
  const values = new Map<string, unknown>();
  const problems: ConfigProblem[] = [];
  const unknown: string[] = [];
  const keys = new Map(configKeys.map((key) => [key.variable, key]));
  for (const [name, raw] of Object.entries(environment)) {
    if (raw === undefined || !name.startsWith("POSEIDON_")) continue;
    const key = keys.get(name);
    if (key === undefined || FILE_ONLY.has(key.kind)) {
      if (!isSentrySdkKey(name.toLowerCase().split("_").slice(1))) unknown.push(name);
      continue;
    }
    const checked = check(key, raw, "variable");
    if (checked !== undefined) values.set(key.name, checked.value);
    else if (raw !== "") problems.push(problemOf(key, raw, name));
  }
  return { source: (key) => key.variable, values, problems, unknown };
}

const isSentrySdkKey = ([section, name]: readonly string[]): boolean =>
  section === "sentry" && name !== undefined && SENTRY_SDK_KEYS.has(name);
