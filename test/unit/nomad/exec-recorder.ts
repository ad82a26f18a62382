import { deferred } from "../../../src/lib/deferred.js";
import type { ExecEnd, ExecHandlers } from "../../../src/nomad/exec.js";

/** Handlers that keep what they are told, and tell when something was reached. */
export class ExecRecorder implements ExecHandlers {
  readonly calls: string[] = [];
  readonly ended = deferred<ExecEnd>();
  ends = 0;
  drains = 0;
  #stdout: Buffer[] = [];
  #stderr: Buffer[] = [];
  #watchers: { reached: () => boolean; done: () => void }[] = [];
  whenStdout: (() => void) | undefined;

  get stdout(): Buffer {
    return Buffer.concat(this.#stdout);
  }

  get stderr(): Buffer {
    return Buffer.concat(this.#stderr);
  }

  onStdout(chunk: Buffer): void {
    if (this.ends > 0) throw new Error("output after the end");
    this.#stdout.push(Buffer.from(chunk));
    this.#check();
    this.whenStdout?.();
  }

  onStderr(chunk: Buffer): void {
    if (this.ends > 0) throw new Error("output after the end");
    this.#stderr.push(Buffer.from(chunk));
    this.#check();
  }

  onDrain(): void {
    this.drains += 1;
    this.#check();
  }

  onEnd(end: ExecEnd): void {
    this.ends += 1;
    this.ended.resolve(end);
  }

  /** Resolves when `reached` holds, looked at after each call. */
  until(reached: () => boolean): Promise<void> {
    if (reached()) return Promise.resolve();
    return new Promise((done) => this.#watchers.push({ reached, done }));
  }

  #check(): void {
    this.#watchers = this.#watchers.filter(({ reached, done }) => {
      if (!reached()) return true;
      done();
      return false;
    });
  }
}
