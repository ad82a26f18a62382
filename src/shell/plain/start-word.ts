/** What the terminal session says before the command runs. */
export type StartWord = "request-wanted" | "started";

/** Most bytes before a word: a shell's warning about a locale, and little else. */
const longestNoise = 64 * 1024;

/**
 * Finds the words `UNIQUE:?` and `UNIQUE:!` in what a terminal session prints before its command starts. Everything else there is no
 * output of the command.
 */
export class StartWords {
  readonly #unique: string;
  #held: Buffer = Buffer.alloc(0);

  constructor(unique: string) {
    this.#unique = unique;
  }

  /** The next word and what stands behind it; undefined while none is complete. */
  push(chunk: Buffer): { readonly word: StartWord; readonly rest: Buffer } | undefined {
    const text = Buffer.concat([this.#held, chunk]);
    const start = Buffer.from(`${this.#unique}:`, "latin1");
    for (let at = text.indexOf(start); at !== -1; at = text.indexOf(start, at + 1)) {
      const mark = text[at + start.length];
      const word = mark === 0x21 ? "started" : mark === 0x3f ? "request-wanted" : undefined;
      if (word === undefined) continue;
      this.#held = Buffer.alloc(0);
      return { word, rest: text.subarray(at + start.length + 1) };
    }
    this.#held = Buffer.from(text.subarray(Math.max(0, text.length - longestNoise)));
    return undefined;
  }
}
