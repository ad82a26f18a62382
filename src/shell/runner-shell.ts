import type { Readable } from "node:stream";

/** One command to run in a runner (execution.md, "How a command runs"). */
export interface CommandRequest {
  /** A shell command line for `/bin/bash -c`; arrives exactly. */
  readonly command: string;
  /** Set exactly, after the change of user. Names are checked before. */
  readonly environment: Readonly<Record<string, string>>;
  /** As the image's user (root) in place of `user`. */
  readonly privileged: boolean;
}

/** Which output a chunk belongs to. */
export type OutputStream = "stdout" | "stderr";

/** How a command ended. All its output was handed over before. */
export type CommandEnd =
  | { readonly kind: "exited"; readonly exitCode: number }
  /** The session broke, or the end marker never came: what was printed may be incomplete, and the command may still run. */
  | {
      readonly kind: "broken";
      readonly reason: string;
      /** Ends the command by another way: SIGQUIT, and 3 s for it. Resolves with whether it has ended; never rejects. Absent: no way is known. */
      readonly endProcess?: (options: { readonly signal: AbortSignal }) => Promise<boolean>;
    };

/** What a running command tells its owner. Nothing is called after `onEnd`, which is called exactly once. */
export interface CommandHandlers {
  onOutput(stream: OutputStream, chunk: Buffer): void;
  onEnd(end: CommandEnd): void;
  /** Input that was waiting has been sent on: writing may go on. */
  onDrain(): void;
}

/** Which way a command took: in its runner's resident sessions, or in sessions of its own. */
export type CommandPath = "fast" | "plain";

/** A command that was started; its terminal is open for input at once. */
export interface RunningCommand {
  readonly path: CommandPath;
  /** Raw input for the command's terminal. False once more than 256 KiB wait: stop until `onDrain`. */
  write(data: Buffer): boolean;
  /** SIGQUIT through the terminal: byte 0x1c, ahead of input that still waits (execution.md). */
  quit(): void;
  /** Back-pressure of the client: no output is handed over, or read from Nomad, until `resume`. */
  pause(): void;
  resume(): void;
  /** Cuts the sessions; what the command still prints is lost. For a runner that is being destroyed. `onEnd` is still called. */
  abandon(): void;
}

/** A line of a listing (rest-api.md). `modificationTime` in Unix seconds, `size` in bytes. */
export interface FileEntry {
  readonly name: string;
  readonly entryType: string;
  readonly linkTarget?: string;
  readonly size: number;
  readonly modificationTime: number;
  readonly permissions: string;
  readonly owner: string;
  readonly group: string;
}

/** A file or (path ending in `/`) directory to write. */
export interface CopyEntry {
  readonly path: string;
  readonly content: Buffer;
}

/** A file being downloaded: exactly `size` bytes come through `body`, or it fails. */
export interface Download {
  readonly size: number;
  readonly body: Readable;
}

/**
 * Everything that is done inside one runner, whichever way it takes (plain path, fast path). File operations fail with
 * ShellError `file-not-found` (424), `copy-failed` (tar's words), `unsupported`, or a NomadError.
 */
export interface RunnerShell {
  /**
   * Resolves once the command was handed to the runner; rejects with a NomadError when no session could be opened, or when `signal` gave the command
   * up before: then it was not run and will not be.
   */
  execute(
    request: CommandRequest,
    handlers: CommandHandlers,
    options?: { readonly signal?: AbortSignal },
  ): Promise<RunningCommand>;
  /** Rejects before the first entry when the path cannot be listed; yields in batches as they arrive. */
  list(
    path: string,
    options: { readonly recursive: boolean; readonly privileged: boolean; readonly signal?: AbortSignal },
  ): Promise<AsyncIterable<readonly FileEntry[]>>;
  update(
    change: { readonly remove: readonly string[]; readonly copy: readonly CopyEntry[] },
    options?: { readonly signal?: AbortSignal },
  ): Promise<void>;
  download(
    path: string,
    options: { readonly privileged: boolean; readonly signal?: AbortSignal },
  ): Promise<Download>;
  /**
   * Opens what lets the next steps be fast, in the background. `keep`: it stays open however long it is unused, for a runner that waits to
   * be claimed. Idempotent.
   */
  warm(options: { readonly keep: boolean }): void;
  /** Whether the next step would be a fast one. */
  isWarm(): boolean;
  /** Closes what is kept open for this runner; resolves when it is closed. Idempotent. */
  close(): Promise<void>;
}
