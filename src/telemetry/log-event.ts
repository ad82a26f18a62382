import type { LogFields } from "./logger.js";

/** Names of levels as they stand in log lines. */
export type LogLevelName = "trace" | "debug" | "info" | "warning" | "error";

/** What a log line says, before a formatter makes a line of it. */
export interface LogEvent {
  /** Milliseconds since 1970, with fractions. */
  readonly time: number;
  readonly level: LogLevelName;
  readonly message: string;
  readonly fields: LogFields;
}

/** Makes one line, without its end, of an event. Never throws, whatever the fields hold. */
export type LogFormatter = (event: LogEvent) => string;

const RESERVED: ReadonlySet<string> = new Set(["time", "level", "msg"]);

/** Keys in the order of a line: sorted; one that clashes with the line's own is `fields.<key>`; those without a value are left out. */
export function sortedFields(fields: LogFields): readonly (readonly [string, unknown])[] {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [RESERVED.has(key) ? `fields.${key}` : key, value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
