import { ShellError } from "../errors.js";

/** The exit code of a listing where ls is GNU's, and fails on every file all the same. */
const uselessLs = 121;

/** The exit codes of our shell texts for what an image lacks: no GNU ls; what was found cannot be run; nothing was found. */
const unsupportedCodes: ReadonlySet<number> = new Set([120, 126, 127]);

/** `file-not-found`, in the words that clients get. */
export function fileNotFound(): ShellError {
  return new ShellError("file-not-found", "file not found or insufficient permissions");
}

/** A listing is to be made without ls. Where that does not work either, clients get it as `unsupported`. */
export class UselessLsError extends ShellError {
  constructor() {
    super("unsupported", "ls fails on every file of the runner");
    this.name = "UselessLsError";
  }
}

/** What the exit code of a reading text says: `unsupported`, `broken` for a killed one, else `file-not-found`. */
export function failedRead(exitCode: number): ShellError {
  if (exitCode === uselessLs) return new UselessLsError();
  if (unsupportedCodes.has(exitCode)) {
    return new ShellError(
      "unsupported",
      "the runner's image lacks what is needed to read files (GNU ls, setuser)",
    );
  }
  if (exitCode > 127) return new ShellError("broken", "the operation was killed in the runner");
  return fileNotFound();
}

/** The session ended before its end marker: nothing of it may be taken for the whole. */
export function lost(reason: string): ShellError {
  return new ShellError("broken", `the operation did not come to its end: ${reason}`);
}
