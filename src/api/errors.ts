/** The codes of server errors that clients know (rest-api.md, "Errors"). */
export type ApiErrorCode =
  | "NOMAD_UNREACHABLE"
  | "NOMAD_OVERLOAD"
  | "NOMAD_INTERNAL_SERVER_ERROR"
  | "PREWARMING_POOL_DEPLETING"
  | "UNKNOWN";

/** A refusal that the HTTP layer itself decides on; the message goes to the client as it is. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: ApiErrorCode | undefined;

  /** `code` goes with statuses from 500 on, and with no others. */
  constructor(status: number, message: string, options: { code?: ApiErrorCode; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "ApiError";
    this.status = status;
    this.code = options.code;
  }
}

/** 400 with a message that names the field and what was expected. */
export const badRequest = (message: string): ApiError => new ApiError(400, message);

/** 410, always with these words (rest-api.md, "Runners"). */
export const runnerGone = (): ApiError => new ApiError(410, "no runner found with this id");
