import { escapeJson } from "./escape.js";
import { type LogFormatter, sortedFields } from "./log-event.js";
import { bounded, plainValue } from "./log-value.js";
import { timestamp } from "./timestamp.js";

/** An object a line: `time`, `level`, `msg`, then the keys, sorted. */
export const formatJson: LogFormatter = ({ time, level, message, fields }) => {
  const entries = sortedFields(fields).map(([key, value]) => [key, plainValue(value)] as const);
  const head = { time: timestamp(time), level, msg: bounded(message) };
  return escapeJson(JSON.stringify({ ...head, ...Object.fromEntries(entries) }));
};
