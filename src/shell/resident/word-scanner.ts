/** Most bytes before a word: a shell's warning about a locale, and little else. */
const longestNoise = 64 * 1024;

/** What stands behind the prefix, as far as it has come; the whole word has its `;`. */
const pattern = /^([a-z]{1,16}(?: [a-z/]{1,16})?)(;|$)|^$/;

/** Longest word with its end, in bytes. */
const longestWord = 34;

/** Finds the words `PREFIX:WORD;` that a terminal loop says among whatever else its terminal shows. */
export class WordScanner {
  readonly #start: Buffer;
  #held: Buffer = Buffer.alloc(0);

  constructor(prefix: string) {
    this.#start = Buffer.from(`${prefix}:`, "latin1");
  }

  /** The words that `chunk` completes, in their order. */
  push(chunk: Buffer): string[] {
    const text = Buffer.concat([this.#held, chunk]);
    const words: string[] = [];
    let from = 0;
    for (let at = text.indexOf(this.#start); at !== -1; at = text.indexOf(this.#start, from)) {
      const begin = at + this.#start.length;
      // An end marker begins like a word.
      const match = pattern.exec(text.toString("latin1", begin, begin + longestWord));
      if (match !== null && match[2] !== ";") {
        from = at;
        break;
      }
      from = begin;
      if (match?.[1] !== undefined) words.push(match[1]);
    }
    this.#held = Buffer.from(text.subarray(Math.max(from, text.length - longestNoise)));
    return words;
  }
}
