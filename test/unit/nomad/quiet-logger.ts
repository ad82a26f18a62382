import type { LogFields, Logger } from "../../../src/telemetry/logger.js";

/** A logger that keeps its lines. */
export class QuietLogger implements Logger {
  readonly lines: { level: string; message: string; fields: LogFields }[] = [];
  readonly #add =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      this.lines.push({ level, message, fields });
    };
  readonly trace = this.#add("trace");
  readonly debug = this.#add("debug");
  readonly info = this.#add("info");
  readonly warn = this.#add("warn");
  readonly error = this.#add("error");

  child(): Logger {
    return this;
  }
}
