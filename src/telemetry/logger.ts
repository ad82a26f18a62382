/** The keys of a log line beside time, level and message. Names as the Go service has them: `package`, `error`, `runner_id`, … */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * A structured log. One event is one line; values are escaped by the formatter. Never pass tokens, commands, file contents or
 * values of environment variables.
 */
export interface Logger {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each of its lines. */
  child(fields: LogFields): Logger;
}
