const newline = 0x0a;

/** A line was longer than the bound. */
export class LineTooLongError extends Error {
  constructor(maximum: number) {
    super(`a line is longer than ${maximum} bytes`);
    this.name = "LineTooLongError";
  }
}

/**
 * Cuts a stream of UTF-8 bytes into lines, wherever the chunks are torn: a newline byte is never part of another character, so
 * only whole lines are decoded. Holds at most one line of `maximum` bytes.
 */
export class LineSplitter {
  readonly #maximum: number;
  #parts: Buffer[] = [];
  #held = 0;

  constructor(options: { readonly maximum: number }) {
    this.#maximum = options.maximum;
  }

  /** The lines that `chunk` completes, without their line ends. Throws LineTooLongError. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      lines.push(this.#complete(chunk.subarray(start, end)));
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
    return lines;
  }

  /** Whether a line has begun that has not ended yet. */
  get pending(): boolean {
    return this.#held > 0;
  }

  #complete(end: Buffer): string {
    this.#check(end.length);
    if (this.#held === 0) return end.toString("utf8");
    const line = Buffer.concat([...this.#parts, end]).toString("utf8");
    this.#parts = [];
    this.#held = 0;
    return line;
  }

  #hold(part: Buffer): void {
    this.#check(part.length);
    this.#parts.push(part);
    this.#held += part.length;
  }

  #check(more: number): void {
    if (this.#held + more > this.#maximum) throw new LineTooLongError(this.#maximum);
  }
}
