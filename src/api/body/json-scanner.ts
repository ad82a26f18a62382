const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** A long string value of a JSON text: the bytes between its quotes. */
export interface LongSpan {
  readonly start: number;
  readonly end: number;
}

/** What one pass over a JSON text finds. */
export interface JsonScan {
  /** String values (not field names) of more than `longBytes` bytes, in order. */
  readonly long: readonly LongSpan[];
  /** Opening brackets and commas: a bound on the number of values. */
  readonly values: number;
  /** How deep brackets nest. */
  readonly depth: number;
}

/** Bounds of a scan; past `maxValues` or `maxDepth` it stops. */
export interface JsonScanOptions {
  readonly longBytes: number;
  readonly maxValues: number;
  readonly maxDepth: number;
}

/**
 * Finds the long strings of a JSON text and counts its values, without parsing it: a text that is not JSON gives just some result, and
 * parsing what is left finds the fault. Yields now and then, so that a caller can let others run.
 */
export function* scanJson(body: Buffer, options: JsonScanOptions): Generator<void, JsonScan> {
  const long: LongSpan[] = [];
  let values = 1;
  let depth = 0;
  let deepest = 0;
  let pause = YIELD_BYTES;
  let at = 0;
  while (at < body.length) {
    const byte = body[at];
    if (byte === QUOTE) {
      const end = stringEnd(body, at + 1);
      if (end - at - 1 > options.longBytes && end < body.length && !isName(body, end + 1)) {
        long.push({ start: at + 1, end });
      }
      at = end + 1;
      continue;
    }
    // `[` and `{`, `]` and `}` differ from each other in one bit.
    const bracket = (byte as number) | 0x20;
    if (bracket === 0x7b) {
      values++;
      if (++depth > deepest) deepest = depth;
    } else if (bracket === 0x7d) depth--;
    else if (byte === 0x2c) values++;
    if (values > options.maxValues || deepest > options.maxDepth) break;
    if (++at > pause) {
      pause = at + YIELD_BYTES;
      yield;
    }
  }
  return { long, values, depth: deepest };
}

const YIELD_BYTES = 4 * 1024 * 1024;
/** So far a string's end is looked for byte by byte; most strings are shorter, and a search costs more than that to begin. */
const NEAR_BYTES = 48;

/** The position of the quote that ends the string which begins at `start`; the text's length when there is none. */
function stringEnd(body: Buffer, start: number): number {
  const near = Math.min(body.length, start + NEAR_BYTES);
  let at = start;
  while (at < near) {
    const byte = body[at];
    if (byte === QUOTE) return at;
    at += byte === BACKSLASH ? 2 : 1;
  }
  for (;;) {
    const quote = body.indexOf(QUOTE, at);
    if (quote === -1) return body.length;
    let slashes = 0;
    while (quote - slashes - 1 >= at && body[quote - slashes - 1] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote;
    at = quote + 1;
  }
}

/** Whether a colon comes next: the string before it is a field's name. */
function isName(body: Buffer, start: number): boolean {
  let at = start;
  while (body[at] === 0x20 || body[at] === 0x0a || body[at] === 0x0d || body[at] === 0x09) at++;
  return body[at] === COLON;
}
