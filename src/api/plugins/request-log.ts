import { Duration } from "../../telemetry/duration.js";
import type { Logger } from "../../telemetry/logger.js";

/** What the log line of one request says. */
export interface RequestLine {
  readonly id: string;
  readonly method: string;
  /** As requested, with or without query: the query is not logged. */
  readonly url: string;
  readonly code: number;
  readonly durationMs: number;
  readonly userAgent: string;
}

const FILTERED = /^Poseidon\/\S* \(([^)]*)\)/;

/**
 * Writes the one line of a request at debug, or at trace when its user agent is `Poseidon/<any> (<filter token>) …` (configuration.md);
 * the token itself is left out.
 */
export function logRequest(logger: Logger, line: RequestLine, filterToken: string): void {
  const filtered = filterToken !== "" && FILTERED.exec(line.userAgent)?.[1] === filterToken;
  logger[filtered ? "trace" : "debug"]("request", {
    code: line.code,
    method: line.method,
    path: line.url.split("?", 1)[0],
    duration: new Duration(line.durationMs),
    user_agent: filtered ? line.userAgent.replace(filterToken, "…") : line.userAgent,
    request_id: line.id,
  });
}
