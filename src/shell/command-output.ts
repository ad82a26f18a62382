import { withTerminalLineEnds } from "./crlf.js";
import { MarkerScanner } from "./marker.js";
import type { CommandHandlers } from "./runner-shell.js";

/** Both output streams of a command up to their end markers: when both were seen all of the output has arrived (docs/runner-shell.md). */
export class CommandOutput {
  readonly #handlers: Pick<CommandHandlers, "onOutput">;
  readonly #stdout: MarkerScanner;
  readonly #stderr: MarkerScanner;
  #exitCode: number | undefined;
  #stderrEnded = false;

  constructor(options: { readonly nonce: string; readonly handlers: Pick<CommandHandlers, "onOutput"> }) {
    this.#handlers = options.handlers;
    this.#stdout = new MarkerScanner({ nonce: options.nonce, exitCode: true });
    this.#stderr = new MarkerScanner({ nonce: options.nonce, exitCode: false });
  }

  /** Set once the terminal's end marker was seen. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** The exit code once both streams have ended. */
  get ended(): number | undefined {
    return this.#stderrEnded ? this.#exitCode : undefined;
  }

  /** There is one stream, all of it stdout. */
  withoutStderr(): void {
    this.#stderrEnded = true;
  }

  /** Output of the terminal. True with the chunk that completes its end marker. */
  takeStdout(chunk: Buffer): boolean {
    const { data, marker } = this.#stdout.push(chunk);
    if (data.length > 0) this.#handlers.onOutput("stdout", data);
    this.#exitCode ??= marker?.exitCode;
    return marker !== undefined;
  }

  /** Output that came on a way without terminal. True with the chunk that completes its end marker. */
  takeStderr(chunk: Buffer): boolean {
    const { data, marker } = this.#stderr.push(chunk);
    if (data.length > 0) this.#handlers.onOutput("stderr", withTerminalLineEnds(data));
    this.#stderrEnded ||= marker !== undefined;
    return marker !== undefined;
  }
}
