/** What went wrong between us and Nomad. Callers branch on the code, never on the text. */
export type NomadErrorCode =
  /** No answer: refused, reset, timed out, 429, 502, 503 or 504 of something in between, no leader. */
  | "unreachable"
  /** Nomad answered and said no (4xx, 5xx). */
  | "refused"
  /** 404 of a job, allocation, evaluation or node. */
  | "not-found"
  /** `EnforceIndex` found another modify index than ours. */
  | "conflict"
  /** The evaluation failed or could not place the group. */
  | "placement"
  /** No connection to this address is free (nomad.connections), or Nomad's own `http_max_conns_per_client` is used up. */
  | "no-room"
  /** The caller's signal ended the call. */
  | "aborted";

/** A typed failure of a call to Nomad. The message is fit for clients: Nomad's words, no token, no address. */
export class NomadError extends Error {
  readonly code: NomadErrorCode;
  /** The HTTP status that Nomad answered with, if it answered. */
  readonly status: number | undefined;

  constructor(code: NomadErrorCode, message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "NomadError";
    this.code = code;
    this.status = options.status;
  }
}

/** A job is registered, but its evaluation failed or could not place it. */
export class PlacementError extends NomadError {
  /** A blocked evaluation waits for capacity: Nomad still tries. */
  readonly blocked: boolean;

  constructor(message: string, options: { readonly blocked: boolean }) {
    super("placement", message);
    this.name = "PlacementError";
    this.blocked = options.blocked;
  }
}

/** Whether `error` is a NomadError with one of `codes` (any, if none is given). */
export function isNomadError(error: unknown, ...codes: NomadErrorCode[]): error is NomadError {
  return error instanceof NomadError && (codes.length === 0 || codes.includes(error.code));
}
