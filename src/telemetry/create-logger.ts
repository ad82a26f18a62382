import { requestContext } from "../lib/request-context.js";
import { formatJson } from "./json-formatter.js";
import type { LogFormatter, LogLevelName } from "./log-event.js";
import type { LogFields, Logger } from "./logger.js";
import { type LogDestination, standardError } from "./standard-error.js";
import { formatText } from "./text-formatter.js";
import { preciseNow } from "./timestamp.js";

/** `logger.level` of the configuration. */
export type LogThreshold = "panic" | "fatal" | "error" | "warn" | "warning" | "info" | "debug" | "trace";

/** How a logger writes. */
export interface LoggerOptions {
  /** The least severe level that is written; `panic` and `fatal` write nothing, since no line is of these levels. */
  readonly level: LogThreshold;
  readonly formatter: "TextFormatter" | "JSONFormatter";
  /** Standard error by default. */
  readonly destination?: LogDestination;
  /** Milliseconds since 1970, with fractions. */
  readonly now?: () => number;
}

const SEVERITY: Readonly<Record<LogThreshold, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  warning: 40,
  error: 50,
  fatal: 60,
  panic: 70,
};

/**
 * Makes the logger of a process: one event is one line, written at once, and no value can end or colour it. A line on behalf of a
 * request carries its `request_id`.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { level, formatter, destination = standardError(), now = preciseNow } = options;
  const format = formatter === "JSONFormatter" ? formatJson : formatText;
  return new LineLogger({ threshold: SEVERITY[level], format, destination, now }, {});
}

interface Sink {
  readonly threshold: number;
  readonly format: LogFormatter;
  readonly destination: LogDestination;
  readonly now: () => number;
}

class LineLogger implements Logger {
  readonly #sink: Sink;
  readonly #bound: LogFields;

  constructor(sink: Sink, bound: LogFields) {
    this.#sink = sink;
    this.#bound = bound;
  }

  trace(message: string, fields?: LogFields): void {
    this.#write("trace", message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.#write("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write("warning", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write("error", message, fields);
  }

  child(fields: LogFields): Logger {
    return new LineLogger(this.#sink, { ...this.#bound, ...fields });
  }

  #write(level: LogLevelName, message: string, fields: LogFields | undefined): void {
    const { threshold, format, destination, now } = this.#sink;
    if (SEVERITY[level] < threshold) return;
    const request_id = requestContext.getStore()?.requestId;
    const all = { request_id, ...this.#bound, ...fields };
    destination.write(`${format({ time: now(), level, message, fields: all })}\n`);
  }
}
