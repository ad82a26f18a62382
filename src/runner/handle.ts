import type {
  CommandPath,
  CommandRequest,
  CopyEntry,
  Download,
  FileEntry,
  OutputStream,
} from "../shell/runner-shell.js";

export type { CopyEntry, Download, FileEntry, OutputStream } from "../shell/runner-shell.js";

/** A port of a runner that is reachable from outside: `hostAddress` is `IP:port`, IPv6 in brackets (nomad.md). */
export interface MappedPort {
  readonly exposedPort: number;
  readonly hostAddress: string;
}

/** One execution as a client asks for it. `timeLimit` in seconds from the opening of the WebSocket, 0 = none. */
export interface ExecutionRequest extends CommandRequest {
  readonly timeLimit: number;
}

/** The one last message of an execution (execution.md). */
export type ExecutionOutcome =
  | { readonly type: "exit"; readonly exitCode: number }
  | { readonly type: "timeout" }
  | { readonly type: "error"; readonly message: string };

/** What an execution tells the client's connection. Nothing comes after `onEnd`, which comes exactly once unless detached before. */
export interface ExecutionListener {
  onOutput(stream: OutputStream, chunk: Buffer): void;
  onEnd(outcome: ExecutionOutcome): void;
  /** Input that was waiting has been sent on: `write` may go on. */
  onDrain(): void;
}

/** A running execution, held by the one client connection that opened it. */
export interface LiveExecution {
  /** Which way its command took; undefined as long as none was started. */
  readonly path?: CommandPath | undefined;
  /** Input for the command's terminal. False: stop until `onDrain`. Input before the command runs is kept for it. */
  write(data: Buffer): boolean;
  /** Back-pressure of the client's connection. */
  pause(): void;
  resume(): void;
  /** The client has gone: the listener hears nothing more, the command is ended (execution.md, "Ways an execution ends"). */
  detach(): void;
}

/** A used runner, as a client's requests see it. File operations and `open` reset its inactivity timer; `prepare` does not. */
export interface RunnerHandle {
  readonly id: string;
  readonly environmentId: number;
  readonly mappedPorts: readonly MappedPort[];
  /** Stores an execution for its WebSocket to open; returns its id (UUID v4). It is forgotten after `server.executionttl`. */
  prepare(request: ExecutionRequest): string;
  hasExecution(executionId: string): boolean;
  /** Takes the execution off the list and starts it. Undefined: no such execution. */
  open(executionId: string, listener: ExecutionListener): LiveExecution | undefined;
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
}

/** What the API needs of the runner manager. */
export interface RunnerService {
  /** `inactivityTimeout` in seconds, 0 = never. Throws RunnerError `environment-not-found`, `pool-empty`, or a NomadError. */
  claim(environmentId: number, options: { readonly inactivityTimeout: number }): Promise<RunnerHandle>;
  /** The used runner with this id; undefined when there never was one or it is gone (410). */
  find(runnerId: string): RunnerHandle | undefined;
  /** Gives a runner up: 410 from now on; resolves when Nomad has taken the deletion. Throws a NomadError (the deletion is retried). */
  giveBack(runnerId: string): Promise<void>;
}
