import { encodeInput, endOfInput } from "./frames.js";

/** More than this waiting to be sent, in bytes, and the writer is told to stop (execution.md). */
const highWater = 256 * 1024;

/** From here on the writer may go on. */
const lowWater = 128 * 1024;

/** Most bytes of input in one message; what a slow reader in the runner still gets soon. */
const frameSize = 32 * 1024;

/** What the input of a session needs of its socket. */
export interface InputSink {
  /** Queues a message; calls `sent` when it left this process, or never. */
  send(message: string, sent: () => void): void;
  /** Bytes that were queued and not sent. */
  readonly buffered: number;
}

/**
 * The way in of an exec session. Input waits as it was given and becomes messages only as the socket takes them, so that much
 * input does not take its memory twice.
 */
export class ExecInput {
  readonly #sink: InputSink;
  readonly #onDrain: () => void;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #blocked = false;
  #ending = false;
  #closed = false;

  constructor(options: { readonly sink: InputSink; readonly onDrain: () => void }) {
    this.#sink = options.sink;
    this.#onDrain = options.onDrain;
  }

  /** Queues `data`, which must not be changed any more. False: more than 256 KiB wait. */
  write(data: Buffer): boolean {
    if (this.#ending || this.#closed) return true;
    if (data.length > 0) {
      this.#waiting.push(data);
      this.#bytes += data.length;
      this.#pump();
    }
    this.#blocked ||= this.#unsent > highWater;
    return !this.#blocked;
  }

  /** Ends the input behind everything written so far. */
  end(): void {
    if (this.#ending || this.#closed) return;
    this.#ending = true;
    this.#pump();
  }

  /** Drops what waits; nothing is sent and `onDrain` is not called any more. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#bytes = 0;
  }

  get #unsent(): number {
    return this.#bytes + this.#sink.buffered;
  }

  #pump(): void {
    while (this.#sink.buffered <= highWater) {
      const frame = this.#nextFrame();
      if (frame === undefined) break;
      this.#bytes -= frame.length;
      this.#sink.send(encodeInput(frame), this.#sent);
    }
    if (this.#ending && this.#waiting.length === 0) {
      this.#sink.send(endOfInput, this.#sent);
      this.#closed = true;
    }
  }

  #nextFrame(): Buffer | undefined {
    const first = this.#waiting[0];
    if (first === undefined || first.length <= frameSize) return this.#waiting.shift();
    this.#waiting[0] = first.subarray(frameSize);
    return first.subarray(0, frameSize);
  }

  readonly #sent = (): void => {
    if (this.#closed) return;
    this.#pump();
    if (!this.#blocked || this.#unsent > lowWater) return;
    this.#blocked = false;
    this.#onDrain();
  };
}
