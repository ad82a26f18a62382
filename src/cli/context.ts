import type { Readable, Writable } from "node:stream";
import type { Executor } from "../agent/executor.js";
import type { AgentOptions } from "../agent/options.js";
import type { Config } from "../config/schema.js";
import type { Logger } from "../telemetry/logger.js";
import type { ExecutorName } from "./command.js";

/** A service of the composition root: server or agent. Both functions are idempotent. */
export interface Service {
  start(): Promise<{ readonly address: string; readonly port: number }>;
  stop(): Promise<void>;
}

/** The server, which signals of operation reach too. */
export interface ServerService extends Service {
  /** Reads the certificates again. */
  reload(): Promise<void>;
  /** Writes the state to the log. */
  tellState(): void;
}

/** Signals of operation (configuration.md). */
export type OperationSignal = "SIGHUP" | "SIGUSR1" | "SIGUSR2";

/** The parts that a command starts; the program's are in main.ts, each loaded when it is needed. */
export interface Parts {
  createApp(
    config: Config,
    options: { readonly logger: Logger; readonly sockets?: readonly number[] },
  ): Promise<ServerService>;
  createAgent(options: AgentOptions): Promise<Service>;
  /** @throws Error when the named executor cannot be had. */
  chooseExecutor(options: {
    readonly name: ExecutorName | undefined;
    readonly dockerHost?: string | undefined;
    readonly logger: Logger;
  }): Promise<Executor>;
}

/** A stream that may be a terminal. */
export type MaybeTerminal<Stream> = Stream & { readonly isTTY?: boolean };

/** What a command knows of its process. */
export interface CliContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly input: MaybeTerminal<Readable>;
  readonly output: MaybeTerminal<Writable>;
  readonly errors: Writable;
  /** Aborted by the first signal that asks to stop. */
  readonly stop: AbortSignal;
  /** Calls `listener` at each of these signals, for the rest of the process. */
  onSignal(signal: OperationSignal, listener: () => void): void;
  /** Path of main.js, to start it as another process. */
  readonly mainPath: string;
  readonly parts: Parts;
}
