/** What neither prints nor takes room, or could move, colour or split a line: all but letters, marks, digits, punctuation, symbols, space. */
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A text in double quotes, escaped as Go's `strconv.Quote` does: nothing unprintable is left. */
export function quote(text: string): string {
  const escaped = text.replaceAll(/["\\]/g, "\\$&").replaceAll(UNPRINTABLE, goEscape);
  return `"${escaped}"`;
}

function goEscape(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x80) return `\\x${hex(point, 2)}`;
  return point > 0xffff ? `\\U${hex(point, 8)}` : `\\u${hex(point, 4)}`;
}

/** Replaces what is unprintable in a JSON text by JSON's own escapes; it can only stand inside strings. */
export function escapeJson(json: string): string {
  return json.replaceAll(UNPRINTABLE, (character) =>
    [...Array(character.length).keys()].map((at) => `\\u${hex(character.charCodeAt(at), 4)}`).join(""),
  );
}

const hex = (number: number, width: number): string => number.toString(16).padStart(width, "0");
