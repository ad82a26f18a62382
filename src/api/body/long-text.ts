/** A string of a JSON body that was left where it is, as the bytes between its quotes, escapes included. */
export class LongText {
  readonly raw: Buffer;

  constructor(raw: Buffer) {
    this.raw = raw;
  }

  /** The string itself. Throws a SyntaxError when it is not a valid JSON string. */
  text(): string {
    return JSON.parse(`"${this.raw.toString("utf8")}"`) as string;
  }
}
