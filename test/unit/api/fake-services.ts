import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type {
  EnvironmentService,
  EnvironmentSettings,
  ExecutionEnvironment,
} from "../../../src/environment/service.js";
import { RunnerError } from "../../../src/runner/errors.js";
import type {
  CopyEntry,
  Download,
  ExecutionListener,
  ExecutionRequest,
  FileEntry,
  LiveExecution,
  RunnerHandle,
  RunnerService,
} from "../../../src/runner/handle.js";

/** Environments in memory; `fail` makes every call that could reach Nomad throw. */
export class FakeEnvironments implements EnvironmentService {
  readonly known = new Map<number, EnvironmentSettings>();
  readonly calls: unknown[] = [];
  depletedIds: readonly number[] = [];
  fail: Error | undefined;

  async list(options: { readonly fetch: boolean }): Promise<readonly ExecutionEnvironment[]> {
    this.#called(["list", options]);
    return [...this.known].map(([id, settings]) => ({ id, ...settings }));
  }

  async get(id: number, options: { readonly fetch: boolean }): Promise<ExecutionEnvironment | undefined> {
    this.#called(["get", id, options]);
    const settings = this.known.get(id);
    return settings === undefined ? undefined : { id, ...settings };
  }

  async put(id: number, settings: EnvironmentSettings): Promise<"created" | "replaced"> {
    this.#called(["put", id, settings]);
    const outcome = this.known.has(id) ? "replaced" : "created";
    this.known.set(id, settings);
    return outcome;
  }

  async delete(id: number): Promise<boolean> {
    this.#called(["delete", id]);
    return this.known.delete(id);
  }

  statistics() {
    return [...this.known].map(([id, { prewarmingPoolSize }]) => ({
      id,
      prewarmingPoolSize,
      idleRunners: 2,
      usedRunners: 1,
      startingRunners: 0,
    }));
  }

  depleted(): readonly number[] {
    return this.depletedIds;
  }

  #called(call: unknown): void {
    this.calls.push(call);
    if (this.fail !== undefined) throw this.fail;
  }
}

/** An execution whose other end the test holds. */
export class FakeExecution implements LiveExecution {
  readonly input: Buffer[] = [];
  readonly events: string[] = [];
  readonly listener: ExecutionListener;
  /** What `write` answers. */
  room = true;
  onEvent: (event: string) => void = () => undefined;

  constructor(listener: ExecutionListener) {
    this.listener = listener;
  }

  write(data: Buffer): boolean {
    this.input.push(data);
    this.#happened("write");
    return this.room;
  }

  pause(): void {
    this.#happened("pause");
  }

  resume(): void {
    this.#happened("resume");
  }

  detach(): void {
    this.#happened("detach");
  }

  /** Resolves when `event` happens the next time. */
  next(event: string): Promise<void> {
    return new Promise((resolve) => {
      this.onEvent = (name) => {
        if (name === event) resolve();
      };
    });
  }

  #happened(event: string): void {
    this.events.push(event);
    this.onEvent(event);
  }
}

/** A runner whose file operations answer what the test sets. */
export class FakeRunner implements RunnerHandle {
  readonly id: string;
  readonly environmentId: number;
  readonly mappedPorts = [{ exposedPort: 80, hostAddress: "10.0.0.5:23456" }];
  readonly prepared = new Map<string, ExecutionRequest>();
  readonly calls: unknown[] = [];
  /** Called with each execution that is opened. */
  onOpen: (execution: FakeExecution, request: ExecutionRequest) => void = () => undefined;
  listing: () => AsyncIterable<readonly FileEntry[]> = async function* () {
    yield [];
  };
  updated: { readonly remove: readonly string[]; readonly copy: readonly CopyEntry[] } | undefined;
  /** An update takes as long as this, and says when it begins. */
  beforeUpdate: Promise<void> = Promise.resolve();
  onUpdate: () => void = () => undefined;
  file: () => Download = () => ({ size: 5, body: Readable.from([Buffer.from("hello")]) });
  fail: Error | undefined;
  signal: AbortSignal | undefined;

  constructor(environmentId: number) {
    this.environmentId = environmentId;
    this.id = `${environmentId}-${randomUUID()}`;
  }

  prepare(request: ExecutionRequest): string {
    const id = randomUUID();
    this.prepared.set(id, request);
    return id;
  }

  hasExecution(id: string): boolean {
    return this.prepared.has(id);
  }

  open(id: string, listener: ExecutionListener): LiveExecution | undefined {
    const request = this.prepared.get(id);
    if (request === undefined) return undefined;
    this.prepared.delete(id);
    const execution = new FakeExecution(listener);
    this.onOpen(execution, request);
    return execution;
  }

  async list(path: string, options: { recursive: boolean; privileged: boolean; signal?: AbortSignal }) {
    this.#called(["list", path, options]);
    return this.listing();
  }

  async update(
    change: { readonly remove: readonly string[]; readonly copy: readonly CopyEntry[] },
    options?: { readonly signal?: AbortSignal },
  ): Promise<void> {
    this.#called(["update", options]);
    this.onUpdate();
    await this.beforeUpdate;
    this.updated = change;
  }

  async download(path: string, options: { privileged: boolean; signal?: AbortSignal }): Promise<Download> {
    this.#called(["download", path, options]);
    return this.file();
  }

  #called([name, ...rest]: [string, ...unknown[]]): void {
    const options = rest.at(-1) as { signal?: AbortSignal };
    this.signal = options.signal;
    const { signal: _, ...others } = options;
    this.calls.push([name, ...rest.slice(0, -1), others]);
    if (this.fail !== undefined) throw this.fail;
  }
}

/** Runners in memory; environment 10 has as many as are asked for, 11 an empty pool, no other exists. */
export class FakeRunners implements RunnerService {
  readonly used = new Map<string, FakeRunner>();
  readonly calls: unknown[] = [];
  fail: Error | undefined;

  async claim(environmentId: number, options: { readonly inactivityTimeout: number }): Promise<FakeRunner> {
    this.calls.push(["claim", environmentId, options]);
    if (this.fail !== undefined) throw this.fail;
    if (environmentId === 11) throw new RunnerError("pool-empty", "no idle runner");
    if (environmentId !== 10) throw new RunnerError("environment-not-found", `environment ${environmentId}`);
    return this.add();
  }

  add(): FakeRunner {
    const runner = new FakeRunner(10);
    this.used.set(runner.id, runner);
    return runner;
  }

  find(runnerId: string): FakeRunner | undefined {
    return this.used.get(runnerId);
  }

  async giveBack(runnerId: string): Promise<void> {
    this.calls.push(["giveBack", runnerId]);
    this.used.delete(runnerId);
    if (this.fail !== undefined) throw this.fail;
  }
}
