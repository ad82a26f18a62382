import { NomadError } from "../../nomad/errors.js";
import { RunnerError } from "../../runner/errors.js";
import { ShellError } from "../../shell/errors.js";
import { ApiError, type ApiErrorCode, runnerGone } from "../errors.js";

/** What a client is told of an error. `surprise`: nobody expected it, so it is logged as an error. */
export interface ErrorAnswer {
  readonly status: number;
  readonly message: string;
  readonly errorCode?: ApiErrorCode;
  readonly surprise?: true;
}

const internal = (message: string, errorCode: ApiErrorCode = "UNKNOWN"): ErrorAnswer => ({
  status: 500,
  message,
  errorCode,
});

/**
 * The one table from errors to answers (rest-api.md, "Errors"). `method` is the request's: Nomad's refusal of a deletion and of an
 * exec session under PATCH has a code of its own. What is not in the table is UNKNOWN, and none of its words reach the client.
 */
export function errorAnswer(error: unknown, method: string): ErrorAnswer {
  if (error instanceof ApiError) return apiAnswer(error);
  if (error instanceof RunnerError) return runnerAnswer(error);
  if (error instanceof ShellError) return shellAnswer(error);
  if (error instanceof NomadError) return nomadAnswer(error, method);
  return { ...internal("internal server error"), surprise: true };
}

function apiAnswer(error: ApiError): ErrorAnswer {
  const { status, message, code } = error;
  return status < 500 ? { status, message } : { status, message, errorCode: code ?? "UNKNOWN" };
}

function runnerAnswer(error: RunnerError): ErrorAnswer {
  switch (error.code) {
    case "environment-not-found":
      return { status: 404, message: "execution environment not found" };
    case "pool-empty":
      return internal("no runners available for this execution environment", "NOMAD_OVERLOAD");
    case "runner-gone":
      return apiAnswer(runnerGone());
    case "not-supported":
      return internal("not supported");
  }
}

function shellAnswer(error: ShellError): ErrorAnswer {
  switch (error.code) {
    case "file-not-found":
      return { status: 424, message: "file not found or insufficient permissions" };
    case "copy-failed":
    case "unsupported":
      return internal(error.message);
    case "broken":
      return internal("the connection to the runner broke off");
  }
}

function nomadAnswer(error: NomadError, method: string): ErrorAnswer {
  switch (error.code) {
    case "unreachable":
      return internal(error.message, "NOMAD_UNREACHABLE");
    case "refused":
      return internal(
        error.message,
        method === "DELETE" || method === "PATCH" ? "NOMAD_INTERNAL_SERVER_ERROR" : "UNKNOWN",
      );
    default:
      return internal(error.message);
  }
}
