/** Most bytes of input that may wait before the writer has to stop (execution.md). */
const highWater = 256 * 1024;

const quitByte = Buffer.from([0x1c]);

/**
 * A command's input on its way to the terminal. Until the command starts it waits here, so that nothing of ours can read it; SIGQUIT goes
 * ahead of what waits.
 */
export class CommandInput {
  readonly #send: (data: Buffer) => boolean;
  readonly #onDrain: () => void;
  #waiting: Buffer[] | undefined = [];
  #bytes = 0;
  #quit = false;
  #full = false;

  constructor(options: { readonly send: (data: Buffer) => boolean; readonly onDrain: () => void }) {
    this.#send = options.send;
    this.#onDrain = options.onDrain;
  }

  /** False: stop until `onDrain`. */
  write(data: Buffer): boolean {
    if (this.#waiting !== undefined) {
      this.#waiting.push(data);
      this.#bytes += data.length;
      this.#full = this.#bytes > highWater;
      return !this.#full;
    }
    return this.#send(data);
  }

  quit(): void {
    if (this.#waiting === undefined) this.#send(quitByte);
    else this.#quit = true;
  }

  /** The command runs: what waited goes to it. */
  start(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    if (this.#quit) this.#send(quitByte);
    let room = true;
    for (const data of waiting) room = this.#send(data);
    if (this.#full && room) this.#onDrain();
  }
}
