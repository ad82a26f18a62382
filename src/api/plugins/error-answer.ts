import { NomadError } from "../../nomad/errors.js";
import { RunnerError } from "../../runner/errors.js";
import { ShellError } from "../../shell/errors.js";
import { ApiError, type ApiErrorCode } from "../errors.js";
import { type ErrorRow, nomadErrors, runnerErrors, shellErrors, surprise } from "./error-table.js";

/** What a client is told of an error. `surprise`: nobody expected it, so it is logged as an error. */
export interface ErrorAnswer {
  readonly status: number;
  readonly message: string;
  readonly errorCode?: ApiErrorCode;
  readonly surprise?: true;
}

/**
 * The answer to an error by the one table (rest-api.md, "Errors"). `method` is the request's: Nomad's refusal of a deletion and of an
 * exec session under PATCH has a code of its own. What is not in the table is UNKNOWN, and none of its words reach the client.
 */
export function errorAnswer(error: unknown, method: string): ErrorAnswer {
  if (error instanceof ApiError) {
    const { status, message, code } = error;
    return status < 500 ? { status, message } : { status, message, errorCode: code ?? "UNKNOWN" };
  }
  if (error instanceof RunnerError) return answerOf(runnerErrors[error.code], error, method);
  if (error instanceof ShellError) return answerOf(shellErrors[error.code], error, method);
  if (error instanceof NomadError) return answerOf(nomadErrors[error.code], error, method);
  return { ...answerOf(surprise, new Error(), method), surprise: true };
}

function answerOf(row: ErrorRow, error: Error, method: string): ErrorAnswer {
  const { status, message = error.message, exception } = row;
  const errorCode = exception?.methods.includes(method) ? exception.errorCode : row.errorCode;
  return errorCode === undefined ? { status, message } : { status, message, errorCode };
}
