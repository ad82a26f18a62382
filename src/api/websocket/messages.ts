import type { ExecutionOutcome, OutputStream } from "../../runner/handle.js";

/** What the server sends first (execution.md, "WebSocket protocol"). */
export const START_MESSAGE = '{"type":"start"}';

/** What clients are told when a command could not be run to its end. */
export const FAILED: ExecutionOutcome = { type: "error", message: "Error executing the request" };

/** The message for a piece of output. */
export const outputMessage = (type: OutputStream, data: string): string => JSON.stringify({ type, data });

/** The one last message. Clients check a closed schema: a timeout has no `data`. */
export function outcomeMessage(outcome: ExecutionOutcome): string {
  switch (outcome.type) {
    case "exit":
      return JSON.stringify({ type: "exit", data: outcome.exitCode });
    case "timeout":
      return JSON.stringify({ type: "timeout" });
    case "error":
      return JSON.stringify({ type: "error", data: outcome.message });
  }
}
