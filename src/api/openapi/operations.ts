import type { z } from "zod";
import { environmentAnswer, environmentRequest, environmentsAnswer } from "../schemas/environment.js";
import { executionAnswer, executionRequest } from "../schemas/execution.js";
import { filesAnswer, filesRequest } from "../schemas/files.js";
import { serverMessage } from "../schemas/messages.js";
import { runnerAnswer, runnerRequest } from "../schemas/runner.js";

/** One parameter of a route. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly type: "string" | "integer" | "boolean";
  readonly description: string;
}

/** One route, as the OpenAPI document describes it. An answer is empty, or has the body of a schema or of another content type. */
export interface Operation {
  readonly method: "get" | "put" | "post" | "patch" | "delete";
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly request?: z.ZodType;
  readonly answers: Readonly<Record<number, Answer>>;
  /** The messages behind an upgrade, as the document's `x-websocket`. */
  readonly websocket?: WebSocketDescription;
  /** Needs no token. */
  readonly open?: true;
}

/** What OpenAPI has no words for: a WebSocket's messages. */
export interface WebSocketDescription {
  readonly serverMessage: z.ZodType;
  readonly serverMessages: string;
  readonly clientMessages: string;
  readonly closeCodes: Readonly<Record<number, string>>;
}

/** What a status means, and what comes with it. */
export interface Answer {
  readonly description: string;
  readonly schema?: z.ZodType | Readonly<Record<string, unknown>>;
  readonly contentType?: string;
}

const id: Parameter = { name: "id", in: "path", type: "integer", description: "The environment's id." };
const runnerId: Parameter = { name: "runnerId", in: "path", type: "string", description: "The runner's id." };
const fetch: Parameter = {
  name: "fetch",
  in: "query",
  type: "boolean",
  description: "Reload from Nomad first. Default false.",
};
const privileged: Parameter = {
  name: "privilegedExecution",
  in: "query",
  type: "boolean",
  description: "As the image's user in place of `user`. Default false.",
};
const file = (description: string): Parameter => ({ name: "path", in: "query", type: "string", description });

const unknown: Answer = { description: "Unknown; the body is empty." };
const unreadable: Answer = { description: "Not found, or not readable." };
const gone: Answer = { description: "There is no runner with this id, or no longer." };
const wrong: Answer = { description: "The message names the field and what was expected." };
const failed: Answer = { description: "See `errorCode`." };

/** The routes of environments. */
export const environmentOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/execution-environments",
    id: "listExecutionEnvironments",
    summary: "All execution environments",
    parameters: [fetch],
    answers: { 200: { description: "Ids ascending.", schema: environmentsAnswer }, 400: wrong, 500: failed },
  },
  {
    method: "get",
    path: "/execution-environments/{id}",
    id: "getExecutionEnvironment",
    summary: "One execution environment",
    parameters: [id, fetch],
    answers: {
      200: { description: "The environment.", schema: environmentAnswer },
      400: wrong,
      404: unknown,
      500: failed,
    },
  },
  {
    method: "put",
    path: "/execution-environments/{id}",
    id: "putExecutionEnvironment",
    summary: "Create or replace an execution environment",
    parameters: [id],
    request: environmentRequest,
    answers: {
      201: { description: "Created; the body is empty." },
      204: { description: "Replaced, with all its runners." },
      400: wrong,
      404: { description: "The id is not a number; the body is empty." },
      500: failed,
    },
  },
  {
    method: "delete",
    path: "/execution-environments/{id}",
    id: "deleteExecutionEnvironment",
    summary: "Delete an execution environment with all its runners",
    parameters: [id],
    answers: { 204: { description: "Deleted." }, 400: wrong, 404: unknown, 500: failed },
  },
];

/** The routes of runners. */
export const runnerOperations: readonly Operation[] = [
  {
    method: "post",
    path: "/runners",
    id: "claimRunner",
    summary: "Claim a runner",
    request: runnerRequest,
    answers: {
      200: { description: "The runner is yours.", schema: runnerAnswer },
      400: wrong,
      404: { description: "There is no such environment." },
      500: { description: "`NOMAD_OVERLOAD`: the pool is empty." },
    },
  },
  {
    method: "delete",
    path: "/runners/{runnerId}",
    id: "returnRunner",
    summary: "Give a runner up and destroy it",
    parameters: [runnerId],
    answers: { 204: { description: "Destroyed." }, 410: gone, 500: failed },
  },
  {
    method: "get",
    path: "/runners/{runnerId}/files",
    id: "listFiles",
    summary: "List files",
    parameters: [
      runnerId,
      file("Default `./`."),
      { name: "recursive", in: "query", type: "boolean", description: "Default true." },
      privileged,
    ],
    answers: {
      200: { description: "The listing.", schema: filesAnswer },
      400: wrong,
      410: gone,
      424: unreadable,
      500: failed,
    },
  },
  {
    method: "patch",
    path: "/runners/{runnerId}/files",
    id: "updateFiles",
    summary: "Remove, then write files",
    parameters: [runnerId],
    request: filesRequest,
    answers: { 204: { description: "Done." }, 400: wrong, 410: gone, 500: failed },
  },
  {
    method: "get",
    path: "/runners/{runnerId}/files/raw",
    id: "downloadFile",
    summary: "Download a file",
    parameters: [runnerId, file("The file; a link gives its target."), privileged],
    answers: {
      200: { description: "The bytes.", contentType: "application/octet-stream", schema: {} },
      400: wrong,
      410: gone,
      424: unreadable,
      500: failed,
    },
  },
  {
    method: "post",
    path: "/runners/{runnerId}/execute",
    id: "prepareExecution",
    summary: "Prepare an execution, to be started by its WebSocket",
    parameters: [runnerId],
    request: executionRequest,
    answers: {
      200: { description: "Where to open it.", schema: executionAnswer },
      400: wrong,
      410: gone,
      500: failed,
    },
  },
  {
    method: "get",
    path: "/runners/{runnerId}/websocket",
    id: "openExecution",
    summary: "Start an execution, once, by a WebSocket.",
    websocket: {
      serverMessage,
      serverMessages:
        "Text messages: `start` first, output as it comes, with `\\r\\n` as line end, and exactly one of `exit`, `timeout`, `error` last. The " +
        "data of `error` is `the allocation was OOM Killed`, `the allocation stopped as expected` or `Error executing the request`. A ping " +
        "comes every 30 s; whoever answers none for 60 s counts as gone.",
      clientMessages:
        "Each text or binary message, at most 1 MiB, is raw input for the command's terminal. A client that closes, or goes, ends the command.",
      closeCodes: {
        1000: "The execution is over; the reason is empty.",
        1001: "The server stops.",
        1009: "A message of the client was too long.",
      },
    },
    parameters: [
      runnerId,
      { name: "executionID", in: "query", type: "string", description: "As in the `websocketUrl`." },
    ],
    answers: {
      101: { description: "The WebSocket is open; no subprotocol, no compression." },
      400: { description: "This is no WebSocket handshake." },
      403: { description: "The Origin header names another host." },
      404: { description: "The execution id is unknown." },
      410: gone,
    },
  },
];
