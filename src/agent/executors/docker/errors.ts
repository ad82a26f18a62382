/** Docker answered with an error; the message is Docker's own. */
export class DockerError extends Error {
  override readonly name = "DockerError";
  /** The HTTP status. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Whether Docker has no such thing. */
export function isMissing(error: unknown): boolean {
  return error instanceof DockerError && error.status === 404;
}
