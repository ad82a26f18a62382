import type { NomadErrorCode } from "../../nomad/errors.js";
import type { RunnerErrorCode } from "../../runner/errors.js";
import type { ShellErrorCode } from "../../shell/errors.js";
import { type ApiErrorCode, runnerGone } from "../errors.js";

/** What one kind of error is to a client, and what docs/errors.md says of it. */
export interface ErrorRow {
  readonly status: number;
  /** From 500 on. */
  readonly errorCode?: ApiErrorCode;
  /** Undefined: the error's own words. */
  readonly message?: string;
  /** When it comes, for the documentation: in Markdown, without a full stop. */
  readonly when: string;
  /** What a client does then. */
  readonly cure: string;
  /** Another code for some methods. */
  readonly exception?: { readonly methods: readonly string[]; readonly errorCode: ApiErrorCode };
}

const LATER = "try again later, with growing pauses";
const GONE = "claim another runner";

const own = (when: string, cure: string, errorCode: ApiErrorCode = "UNKNOWN"): ErrorRow => ({
  status: 500,
  errorCode,
  when,
  cure,
});

/** Errors of environments and runners. */
export const runnerErrors: Readonly<Record<RunnerErrorCode, ErrorRow>> = {
  "environment-not-found": {
    status: 404,
    message: "execution environment not found",
    when: "a runner is claimed of an environment that is unknown",
    cure: "create the environment (PUT), then claim again",
  },
  "pool-empty": {
    status: 500,
    errorCode: "NOMAD_OVERLOAD",
    message: "no runners available for this execution environment",
    when: "every runner of the pool is handed out; others are being started",
    cure: "claim again in a moment",
  },
  "runner-gone": {
    status: 410,
    message: runnerGone().message,
    when: "the runner never existed, was given back, timed out, or died",
    cure: GONE,
  },
  "not-supported": {
    status: 500,
    errorCode: "UNKNOWN",
    message: "not supported",
    when: "this kind of environment cannot do that (a listing: 424 with the same words)",
    cure: "do without",
  },
};

/** Errors of what is done inside a runner. */
export const shellErrors: Readonly<Record<ShellErrorCode, ErrorRow>> = {
  "file-not-found": {
    status: 424,
    message: "file not found or insufficient permissions",
    when: "a path cannot be listed or downloaded: missing, forbidden, or (download) no file",
    cure: "ask for another path, or privileged",
  },
  "copy-failed": own(
    "tar could not write a file; its words are in the message, all other files are written",
    "look at the message",
  ),
  unsupported: own("the image lacks what the operation needs, GNU `ls` for instance", "change the image"),
  broken: {
    ...own("the session in the runner broke off, stalled, or lost its end", LATER),
    message: "the connection to the runner broke off",
  },
};

/** Errors between the server and Nomad; where the message is the error's own it is Nomad's words. */
export const nomadErrors: Readonly<Record<NomadErrorCode, ErrorRow>> = {
  unreachable: own(
    "Nomad does not answer, not in time, or has no leader; also while the server recovers at its start",
    LATER,
    "NOMAD_UNREACHABLE",
  ),
  refused: {
    ...own("Nomad says no", "look at the message"),
    exception: { methods: ["DELETE", "PATCH"], errorCode: "NOMAD_INTERNAL_SERVER_ERROR" },
  },
  "not-found": own("Nomad does not know a job, allocation or node any more", LATER),
  conflict: own("a job was changed by somebody else at the same time", LATER),
  placement: own(
    "Nomad cannot place a job: the cluster is full, or has no fitting node",
    "free or add capacity",
  ),
  "no-room": own("all connections to one Nomad address are in use (`nomad.connections`)", LATER),
  aborted: own("the call was given up because the client has gone, or the server stops", LATER),
};

/** Refusals of the HTTP layer itself: their messages are made where they are found. */
export const apiErrors: readonly ErrorRow[] = [
  {
    status: 400,
    when: "the body, a field, the path or the query is not as expected; the message names the field",
    cure: "correct the request",
  },
  { status: 401, when: "the token is missing or wrong; the body is empty", cure: "send `Poseidon-Token`" },
  {
    status: 403,
    when: "a WebSocket's `Origin` header names another host",
    cure: "open it from the same host",
  },
  {
    status: 404,
    when: "the path or the environment is unknown (empty), or the execution id",
    cure: "correct the request",
  },
  {
    status: 405,
    when: "the path has no such method; `Allow` names those it has, the body is empty",
    cure: "correct the request",
  },
  { status: 408, when: "the headers or the body did not arrive within 15 s", cure: LATER },
  {
    status: 413,
    when: "the body is larger than `server.bodylimit`, or has too many values",
    cure: "send less at once",
  },
  { status: 429, when: "more requests a second than `server.ratelimit`", cure: "wait as `Retry-After` says" },
  {
    status: 503,
    errorCode: "PREWARMING_POOL_DEPLETING",
    when: "`/health`: fewer idle runners than `server.alert.prewarmingpoolthreshold`; the message names the environments",
    cure: "look at the cluster",
  },
  {
    status: 503,
    errorCode: "UNKNOWN",
    when: "`/health`: the server is stopping",
    cure: "ask another server",
  },
];

/** What nobody expected. None of its words reach the client; the log has them, with the request's id. */
export const surprise: ErrorRow = {
  status: 500,
  errorCode: "UNKNOWN",
  message: "internal server error",
  when: "a fault of the server; the log has it under the answer's `X-Request-Id`",
  cure: "report it",
};
