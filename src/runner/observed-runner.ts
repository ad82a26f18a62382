import { Duration } from "../telemetry/duration.js";
import type { LogFields, Logger } from "../telemetry/logger.js";
import type { MetricsSink } from "../telemetry/metrics-sink.js";
import type {
  CopyEntry,
  Download,
  ExecutionListener,
  ExecutionOutcome,
  ExecutionRequest,
  FileEntry,
  LiveExecution,
  MappedPort,
  RunnerHandle,
} from "./handle.js";
import { OOM_KILLED, STOPPED } from "./registry.js";

/** Where it is told what was done in runners. */
export interface Observers {
  readonly metrics: MetricsSink;
  readonly logger: Logger;
}

/** A claimed runner whose operations are each counted, measured, and told in one log line. */
export class ObservedRunner implements RunnerHandle {
  readonly #runner: RunnerHandle;
  readonly #observers: Observers;

  constructor(runner: RunnerHandle, observers: Observers) {
    this.#runner = runner;
    this.#observers = observers;
  }

  get id(): string {
    return this.#runner.id;
  }

  get environmentId(): number {
    return this.#runner.environmentId;
  }

  get mappedPorts(): readonly MappedPort[] {
    return this.#runner.mappedPorts;
  }

  prepare(request: ExecutionRequest): string {
    return this.#runner.prepare(request);
  }

  hasExecution(executionId: string): boolean {
    return this.#runner.hasExecution(executionId);
  }

  open(executionId: string, listener: ExecutionListener): LiveExecution | undefined {
    const { metrics } = this.#observers;
    const start = performance.now();
    let over = false;
    const end = (outcome: ExecutionOutcome | undefined): void => {
      if (over) return;
      over = true;
      const name = outcomeName(outcome);
      metrics.count("executions", { path: execution?.path ?? "none", outcome: name });
      metrics.observe("executionDuration", {}, performance.now() - start);
      const exitCode = outcome?.type === "exit" ? { exit_code: outcome.exitCode } : {};
      this.#tell("execution", start, { outcome: name, execution_id: executionId, ...exitCode });
    };
    const execution: LiveExecution | undefined = this.#runner.open(executionId, {
      onOutput: (stream, chunk) => {
        metrics.count("transferred", { kind: stream }, chunk.length);
        listener.onOutput(stream, chunk);
      },
      onEnd: (outcome) => {
        end(outcome);
        listener.onEnd(outcome);
      },
      onDrain: () => listener.onDrain(),
    });
    return (
      execution && {
        get path() {
          return execution.path;
        },
        write: (data) => {
          metrics.count("transferred", { kind: "stdin" }, data.length);
          return execution.write(data);
        },
        pause: () => execution.pause(),
        resume: () => execution.resume(),
        detach: () => {
          end(undefined);
          execution.detach();
        },
      }
    );
  }

  list(
    path: string,
    options: { readonly recursive: boolean; readonly privileged: boolean; readonly signal?: AbortSignal },
  ): Promise<AsyncIterable<readonly FileEntry[]>> {
    return this.#measure("list", {}, () => this.#runner.list(path, options));
  }

  update(
    change: { readonly remove: readonly string[]; readonly copy: readonly CopyEntry[] },
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const bytes = change.copy.reduce((sum, { content }) => sum + content.length, 0);
    this.#observers.metrics.count("transferred", { kind: "upload" }, bytes);
    return this.#measure("upload", { files: change.copy.length, bytes }, () =>
      this.#runner.update(change, options),
    );
  }

  async download(
    path: string,
    options: { readonly privileged: boolean; readonly signal?: AbortSignal },
  ): Promise<Download> {
    const download = await this.#measure("download", {}, () => this.#runner.download(path, options));
    this.#observers.metrics.count("transferred", { kind: "download" }, download.size);
    return download;
  }

  async #measure<T>(step: string, fields: LogFields, operation: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      const result = await operation();
      this.#observers.metrics.observe("stepDuration", { step }, performance.now() - start);
      this.#tell(step, start, { outcome: "done", ...fields });
      return result;
    } catch (error) {
      this.#tell(step, start, { outcome: "failed", error, ...fields });
      throw error;
    }
  }

  #tell(operation: string, start: number, fields: LogFields): void {
    this.#observers.logger.debug(operation, {
      runner_id: this.id,
      environment_id: this.environmentId,
      duration: new Duration(performance.now() - start),
      ...fields,
    });
  }
}

const messageOf = (outcome: ExecutionOutcome): string => (outcome.type === "error" ? outcome.message : "");

/** The metrics' word for how an execution ended; undefined: its client had gone. */
function outcomeName(outcome: ExecutionOutcome | undefined): string {
  if (outcome === undefined) return "client_gone";
  if (outcome.type !== "error") return outcome.type;
  if (outcome.message === messageOf(OOM_KILLED)) return "oom_killed";
  return outcome.message === messageOf(STOPPED) ? "runner_stopped" : "error";
}
