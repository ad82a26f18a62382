import type { ExecProcess } from "../../src/agent/executor.js";
import { deferred } from "../../src/lib/deferred.js";

/** A process of an exec session that is nothing but code of the bench. */
export class CannedProcess implements ExecProcess {
  onStdout: (chunk: Buffer) => void = () => undefined;
  onStderr: (chunk: Buffer) => void = () => undefined;
  onDrain: () => void = () => undefined;
  /** What is done with input. */
  onInput: (chunk: Buffer) => void = () => undefined;
  /** The session reads again. */
  onResume: () => void = () => undefined;
  /** The session is over, or the process is. */
  onOver: () => void = () => undefined;
  paused = false;
  over = false;
  readonly #exit = deferred<number>();
  readonly exited = this.#exit.promise;
  readonly drained = this.exited.then(() => undefined);

  print(text: string | Buffer): void {
    if (!this.over) this.onStdout(Buffer.from(text));
  }

  exit(code: number): void {
    this.#end();
    this.#exit.resolve(code);
  }

  write(chunk: Buffer): boolean {
    if (!this.over) this.onInput(chunk);
    return true;
  }

  endInput(): void {
    // What is run here ends by itself.
  }

  resize(): void {
    // There is no terminal.
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    if (!this.over) this.onResume();
  }

  detach(): void {
    this.#end();
  }

  #end(): void {
    if (this.over) return;
    this.over = true;
    this.onOver();
  }
}
