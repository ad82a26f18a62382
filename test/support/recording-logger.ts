import type { LogFields, Logger } from "../../src/telemetry/logger.js";

/** A line that was logged. */
export interface LogLine {
  readonly level: "trace" | "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that keeps its lines for the test to look at. */
export function recordingLogger(lines: LogLine[], fields: LogFields = {}): Logger {
  const at = (level: LogLine["level"]) => (message: string, more?: LogFields) => {
    lines.push({ level, message, fields: { ...fields, ...more } });
  };
  return {
    trace: at("trace"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (more) => recordingLogger(lines, { ...fields, ...more }),
  };
}
