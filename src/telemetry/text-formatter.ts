import { Duration } from "./duration.js";
import { quote } from "./escape.js";
import { type LogFormatter, sortedFields } from "./log-event.js";
import { bounded, plainValue } from "./log-value.js";
import { timestamp } from "./timestamp.js";

/** Texts that need no quotes, as logrus has it. */
const BARE = /^[a-zA-Z0-9._/@^+-]*$/;
const ODD_KEY = /[^a-zA-Z0-9._/@^+-]/g;

/** `time="…" level=info msg="…" key=value …`: logrus' text form, keys sorted, values quoted where needed (configuration.md). */
export const formatText: LogFormatter = ({ time, level, message, fields }) => {
  const head = `time="${timestamp(time)}" level=${level} msg=${shown(bounded(message))}`;
  const rest = sortedFields(fields).map(
    ([key, value]) => ` ${key.replaceAll(ODD_KEY, "_")}=${textOf(value)}`,
  );
  return head + rest.join("");
};

function textOf(value: unknown): string {
  if (value instanceof Duration) return shown(String(value));
  const plain = plainValue(value);
  if (plain === null) return shown("<nil>");
  return shown(typeof plain === "object" ? JSON.stringify(plain) : String(plain));
}

const shown = (text: string): string => (BARE.test(text) ? text : quote(text));
