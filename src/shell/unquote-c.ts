const control: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };

/** A name as `ls --quoting-style=c` writes it, read from `text` at a `"`. */
export interface QuotedName {
  readonly name: string;
  /** Where the text goes on behind the closing quote. */
  readonly end: number;
}

/**
 * Reads a C string literal that begins at `start`. Bytes that are no UTF-8 become U+FFFD. Undefined when there is none, or when it does
 * not end.
 */
export function unquoteC(text: string, start: number): QuotedName | undefined {
  if (text[start] !== '"') return undefined;
  const parts: Buffer[] = [];
  let at = start + 1;
  let plainFrom = at;
  for (; at < text.length; at++) {
    if (text[at] === '"') {
      parts.push(Buffer.from(text.slice(plainFrom, at), "utf8"));
      return { name: Buffer.concat(parts).toString("utf8"), end: at + 1 };
    }
    if (text[at] !== "\\") continue;
    parts.push(Buffer.from(text.slice(plainFrom, at), "utf8"));
    const octal = /^[0-7]{1,3}/.exec(text.slice(at + 1, at + 4))?.[0];
    if (octal !== undefined) {
      parts.push(Buffer.from([Number.parseInt(octal, 8) & 0xff]));
      at += octal.length;
      plainFrom = at + 1;
      continue;
    }
    const byte = control[text[at + 1] ?? ""];
    if (byte !== undefined) parts.push(Buffer.from([byte]));
    // Anything else stands for itself: a quote, a backslash, a colon.
    plainFrom = byte === undefined ? at + 1 : at + 2;
    at++;
  }
  return undefined;
}
