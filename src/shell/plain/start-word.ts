/** What the terminal session says before the command runs. */
export type StartWord = "request-by-pipe" | "request-by-terminal" | "started";

const words: Readonly<Record<string, StartWord>> = {
  "=": "request-by-pipe",
  "?": "request-by-terminal",
  "!": "started",
};

/** Most bytes before a word: a shell's warning about a locale, and little else. */
const longestNoise = 64 * 1024;

/**
 * Finds the words `UNIQUE:=`, `UNIQUE:?` and `UNIQUE:!` in what a terminal session prints before its command starts. Everything else
 * there is no output of the command.
 */
export class StartWords {
  readonly #start: Buffer;
  #held: Buffer = Buffer.alloc(0);

  constructor(unique: string) {
    this.#start = Buffer.from(`${unique}:`, "latin1");
  }

  /** The next word and what stands behind it; undefined while none is complete. */
  push(chunk: Buffer): { readonly word: StartWord; readonly rest: Buffer } | undefined {
    const text = Buffer.concat([this.#held, chunk]);
    for (let at = text.indexOf(this.#start); at !== -1; at = text.indexOf(this.#start, at + 1)) {
      const mark = at + this.#start.length;
      const word = words[text.toString("latin1", mark, mark + 1)];
      if (word === undefined) continue;
      this.#held = Buffer.alloc(0);
      return { word, rest: text.subarray(mark + 1) };
    }
    this.#held = Buffer.from(text.subarray(Math.max(0, text.length - longestNoise)));
    return undefined;
  }
}
