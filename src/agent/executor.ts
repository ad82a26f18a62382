/**
 * What the embedded agent needs of whatever runs its tasks (agent.md). One executor serves the whole agent; `sandbox`, `process`,
 * `docker` and `null` implement it.
 */
export interface Executor {
  readonly name: "sandbox" | "process" | "docker" | "null";
  /** Limits and dangers an operator must know, each a line printed at start. Empty where there are none. */
  readonly notices: readonly string[];
  /** Starts a task's container; resolves once it runs. Rejects with an Error whose message becomes the task's "Driver Failure". */
  start(spec: TaskSpec): Promise<RunningTask>;
  /** Ends every task and releases everything. Idempotent. */
  close(): Promise<void>;
}

/** What a task asks for, taken from its job. */
export interface TaskSpec {
  readonly allocationId: string;
  readonly jobId: string;
  /** The driver config's `image`; `sandbox` and `process` ignore it. */
  readonly image: string | undefined;
  /** The driver's whole config, as the job has it; only `docker` looks at it. */
  readonly driverConfig: Readonly<Record<string, unknown>>;
  /** PID 1's argument list: the driver config's `command` and `args`. */
  readonly command: readonly string[];
  /** MHz. */
  readonly cpu: number;
  /** MB of 2^20 bytes; the hard bound (`MemoryMaxMB`, or `MemoryMB` where that is 0). */
  readonly memory: number;
  /** False: no interface but `lo`. */
  readonly network: boolean;
  /** What the group's network says of names; undefined: nothing. Only `docker` can do that. */
  readonly dns:
    | {
        readonly servers: readonly string[];
        readonly searches: readonly string[];
        readonly options: readonly string[];
      }
    | undefined;
  readonly ports: readonly { readonly label: string; readonly to: number; readonly host: number }[];
  /** Variables that Nomad sets for tasks: NOMAD_ALLOC_ID and the like. */
  readonly environment: Readonly<Record<string, string>>;
}

/** How a task ended by itself. */
export interface TaskExit {
  readonly exitCode: number;
  readonly signal: number;
  readonly oomKilled: boolean;
}

/** A task that runs. */
export interface RunningTask {
  /** Resolves when the task's PID 1 is gone, whatever ended it. Never rejects. */
  readonly exited: Promise<TaskExit>;
  /** Runs a command beside PID 1, as root of the container, in the image's working directory. */
  exec(spec: ExecSpec): Promise<ExecProcess>;
  /** Kills the task with every process in it; resolves when nothing of it is left. Idempotent. */
  stop(): Promise<void>;
}

/** A command to run in a task. */
export interface ExecSpec {
  readonly command: readonly string[];
  readonly tty: boolean;
}

/** A process of an exec session. It lives on when its session's connection breaks. */
export interface ExecProcess {
  /** Set before the first chunk can arrive, synchronously after `exec` resolves. With a TTY everything is stdout. */
  onStdout: (chunk: Buffer) => void;
  onStderr: (chunk: Buffer) => void;
  /**
   * Resolves with the exit code (128 + signal for a killed one) when the process has ended. Output may still follow; `drained` tells
   * when both streams have ended (a daemon that keeps them open can delay that for ever).
   */
  readonly exited: Promise<number>;
  readonly drained: Promise<void>;
  /** Queues input; false when the caller should wait for `onDrain`. */
  write(chunk: Buffer): boolean;
  onDrain: () => void;
  endInput(): void;
  resize(size: { readonly height: number; readonly width: number }): void;
  pause(): void;
  resume(): void;
  /** Stops handing over output and releases our ends of the streams; the process is left alone. */
  detach(): void;
}
