/** Why an operation inside a runner failed. */
export type ShellErrorCode =
  /** The path is missing, or may not be read, or is of the wrong kind. */
  | "file-not-found"
  /** tar could not write some file; the message carries its words, the other files were written. */
  | "copy-failed"
  /** The image lacks something that the operation needs, or the operation stalled. */
  | "unsupported"
  /** The session broke off or its end marker is missing. */
  | "broken";

/** A typed failure of an operation inside a runner. */
export class ShellError extends Error {
  readonly code: ShellErrorCode;

  constructor(code: ShellErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "ShellError";
    this.code = code;
  }
}
