const newline = 0x0a;
/** Longer than both lines together can be. */
const longestHead = 64;
const nothing = Buffer.alloc(0);

/** What is known of a download so far. */
export interface HeadState {
  /** The file is being opened. */
  readonly opening: boolean;
  /** Its size in bytes; NaN when something else came. */
  readonly size: number | undefined;
  /** What stands behind the head in the last chunk. */
  readonly rest: Buffer;
}

/** Reads the two lines that reader.sh writes before a file's bytes: `opening` and the size. */
export class DownloadHead {
  #text = nothing;

  /** Takes the next chunk; not to be called any more once the size is known. */
  push(chunk: Buffer): HeadState {
    this.#text = Buffer.concat([this.#text, chunk]);
    const first = this.#text.indexOf(newline);
    if (first === -1) return this.#unfinished(false);
    if (this.#text.toString("latin1", 0, first) !== "opening")
      return { opening: false, size: Number.NaN, rest: nothing };
    const second = this.#text.indexOf(newline, first + 1);
    if (second === -1) return this.#unfinished(true);
    const digits = this.#text.toString("latin1", first + 1, second);
    return {
      opening: true,
      size: /^\d{1,16}$/.test(digits) ? Number(digits) : Number.NaN,
      rest: this.#text.subarray(second + 1),
    };
  }

  #unfinished(opening: boolean): HeadState {
    return { opening, size: this.#text.length > longestHead ? Number.NaN : undefined, rest: nothing };
  }
}
