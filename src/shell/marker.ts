/** What a scanner found in a chunk. */
export interface MarkerScan {
  /** What stood before the marker, as far as it cannot be the marker's beginning. */
  readonly data: Buffer;
  /** Set once, with the chunk that completes the marker; what follows the marker is dropped. */
  readonly marker?: { readonly exitCode: number };
}

const nothing = Buffer.alloc(0);
const exitCodeLength = 3;

/**
 * Finds the end marker of one output stream, however its frames are torn, and lets everything before it pass at once
 * (runner-shell.md, "End markers"). The marker is the nonce, with `exitCode` followed by `:` and the exit code as three digits, so
 * that its end is certain without a line end; its line end (`\n`, `\r\n`, none) and everything behind it is dropped.
 */
export class MarkerScanner {
  readonly #nonce: Buffer;
  readonly #length: number;
  #held: Buffer = nothing;
  #found = false;

  constructor(options: { readonly nonce: string; readonly exitCode: boolean }) {
    this.#nonce = Buffer.from(options.exitCode ? `${options.nonce}:` : options.nonce, "latin1");
    this.#length = this.#nonce.length + (options.exitCode ? exitCodeLength : 0);
  }

  /** Takes the next chunk. Returns views of it where it can. */
  push(chunk: Buffer): MarkerScan {
    if (this.#found) return { data: nothing };
    const text = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = nothing;
    for (let at = text.indexOf(this.#nonce); at !== -1; at = text.indexOf(this.#nonce, at + 1)) {
      if (text.length - at < this.#length) return this.#hold(text, at);
      const exitCode = this.#exitCode(text.subarray(at + this.#nonce.length, at + this.#length));
      if (exitCode === undefined) continue;
      this.#found = true;
      return { data: text.subarray(0, at), marker: { exitCode } };
    }
    return this.#hold(text, text.length - beginningAtEnd(text, this.#nonce));
  }

  /** What is held back: the beginning of a marker that was never completed. */
  flush(): Buffer {
    const held = this.#held;
    this.#held = nothing;
    return held;
  }

  #hold(text: Buffer, from: number): MarkerScan {
    // A copy, so that a few bytes do not keep a whole chunk in memory.
    if (from < text.length) this.#held = Buffer.from(text.subarray(from));
    return { data: text.subarray(0, from) };
  }

  #exitCode(digits: Buffer): number | undefined {
    if (digits.length === 0) return 0;
    const text = digits.toString("latin1");
    return /^[0-9]{3}$/.test(text) && Number(text) < 256 ? Number(text) : undefined;
  }
}

/** How many bytes at the end of `text` are a beginning of `word`, at most. */
function beginningAtEnd(text: Buffer, word: Buffer): number {
  const first = word[0] ?? 0;
  let at = text.indexOf(first, Math.max(0, text.length - word.length + 1));
  while (at !== -1) {
    if (text.compare(word, 0, text.length - at, at) === 0) return text.length - at;
    at = text.indexOf(first, at + 1);
  }
  return 0;
}
