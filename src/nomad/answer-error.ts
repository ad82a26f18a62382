import { NomadError } from "./errors.js";
import { oneLine } from "./words.js";

/** Statuses of something between us and Nomad, or of an overloaded Nomad: trying again can help. */
const passing = new Set([429, 502, 503, 504]);

/** What Nomad's servers say in a 500 while they have no leader that could answer. */
const leaderless =
  /no cluster leader|no path to region|not ready to serve consistent reads|node is not the leader|leadership (?:lost|transfer)|failed to get conn/i;

/** Whether an answer tells that `http_max_conns_per_client` is used up. */
export function isConnectionLimit(status: number): boolean {
  return status === 429;
}

/** The NomadError for an answer that is no success: its code by status and text, its message Nomad's words (nomad.md). */
export function answerError(status: number, text: string): NomadError {
  const words = oneLine(text) || `status ${status}`;
  if (isConnectionLimit(status)) {
    return new NomadError("unreachable", `Nomad turned the connection away: ${words}`, { status });
  }
  if (passing.has(status) || (status >= 500 && leaderless.test(text))) {
    return new NomadError("unreachable", `Nomad is not available: ${words}`, { status });
  }
  if (status === 404) return new NomadError("not-found", words, { status });
  if (status >= 500 && text.includes("Enforcing job modify index")) {
    return new NomadError("conflict", words, { status });
  }
  return new NomadError("refused", words, { status });
}
