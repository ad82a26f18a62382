import type { RunningTask } from "../executor.js";
import type { AgentContext } from "../http/context.js";
import { HttpError } from "../http/http-error.js";
import { type AgentRequest, flagOf } from "../http/request.js";

/** What an exec's WebSocket was opened for. */
export interface ExecRequest {
  readonly allocationId: string;
  readonly task: string;
  readonly command: readonly string[];
  readonly tty: boolean;
}

/** Why an exec cannot be: the close code and its reason, told after the upgrade as Nomad does. */
export interface ExecRefusal {
  readonly code: 1008 | 1011;
  readonly reason: string;
}

/**
 * Reads the parameters of an exec.
 * @throws HttpError 404 for another path, 500 for parameters that are no JSON list or truth value
 */
export function parseExecRequest(request: AgentRequest): ExecRequest {
  const match = /^\/v1\/client\/allocation\/([^/]+)\/exec$/.exec(request.path);
  if (match === null) throw new HttpError(404, "resource not found");
  return {
    allocationId: match[1] ?? "",
    task: request.query.get("task") ?? "",
    command: parseCommand(request.query.get("command") ?? ""),
    tty: flagOf(request, "tty"),
  };
}

function parseCommand(text: string): readonly string[] {
  try {
    const command: unknown = JSON.parse(text);
    if (Array.isArray(command) && command.every((part) => typeof part === "string")) return command;
  } catch {
    throw new HttpError(500, "failed to marshal command into json: unexpected end of JSON input");
  }
  throw new HttpError(500, "failed to marshal command into json: json: cannot unmarshal into []string");
}

/** The task that an exec is for, or why there is none. */
export function findExecTask(context: AgentContext, request: ExecRequest): RunningTask | ExecRefusal {
  const allocation = context.store.allocations.get(request.allocationId);
  const runner = context.client.runner(request.allocationId);
  if (allocation === undefined) {
    return { code: 1008, reason: `Unknown allocation "${request.allocationId}"` };
  }
  if (request.task === "") return { code: 1008, reason: "must provide task name" };
  if (request.command.length === 0) return { code: 1008, reason: "command is not present" };
  const state = allocation.TaskStates?.[request.task];
  const task = runner?.tasks.get(request.task);
  if (task === undefined && state === undefined && runner !== undefined) {
    return { code: 1011, reason: "task not found" };
  }
  if ((state?.StartedAt ?? null) === null && task?.running === undefined) {
    return { code: 1008, reason: `task "${request.task}" not started yet.` };
  }
  return task?.running ?? { code: 1008, reason: `task "${request.task}" is not running.` };
}
