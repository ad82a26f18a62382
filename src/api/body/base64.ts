import { setImmediate as nextTurn } from "node:timers/promises";
import { LongText } from "./long-text.js";

/** Bytes handled at a time before others get their turn; a multiple of four. */
const STEP = 4 * 1024 * 1024;

const BACKSLASH = 0x5c;
const EQUALS = 0x3d;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const LETTER_U = 0x75;

/** What the escapes of a JSON string stand for, as far as base64 can have them; line breaks are dropped. */
const ESCAPES: ReadonlyMap<number, number | undefined> = new Map([
  [0x6e, undefined],
  [0x72, undefined],
  [0x2f, 0x2f],
]);

/**
 * Decodes base64 as the Go service does: standard alphabet, padding needed, line breaks ignored. Undefined: it is none. A LongText is
 * decoded in place: the result shares its memory, and its text is gone.
 */
export async function decodeBase64(content: string | LongText): Promise<Buffer | undefined> {
  const text =
    content instanceof LongText
      ? await unescaped(content.raw)
      : Buffer.from(content.replace(/[\r\n]/g, ""), "utf8");
  if (text === undefined || text.length % 4 !== 0) return undefined;
  if (text.length === 0) return text;
  const padding = text.at(-1) !== EQUALS ? 0 : text.at(-2) !== EQUALS ? 1 : 2;
  // Node's decoder takes the URL alphabet too, and stops at padding in the middle.
  const firstEquals = text.indexOf(EQUALS);
  if (firstEquals !== -1 && firstEquals !== text.length - padding) return undefined;
  if (text.includes("-") || text.includes("_")) return undefined;

  let length = 0;
  for (let at = 0; at < text.length; at += STEP) {
    if (at > 0) await nextTurn();
    const end = Math.min(text.length, at + STEP);
    const expected = ((end - at) / 4) * 3 - (end === text.length ? padding : 0);
    // Any character that is not of the alphabet is skipped by the decoder, and leaves it short.
    const written = text.write(text.toString("latin1", at, end), length, expected, "base64");
    if (written !== expected) return undefined;
    length += written;
  }
  return text.subarray(0, length);
}

/** Resolves a JSON string's escapes in place. Undefined: an escape that base64 cannot have. */
async function unescaped(raw: Buffer): Promise<Buffer | undefined> {
  let to = raw.indexOf(BACKSLASH);
  if (to === -1) return raw;
  let pause = to + STEP;
  for (let from = to; from < raw.length; from++) {
    let byte = raw[from] as number;
    if (byte === BACKSLASH) {
      const escaped = raw[++from] as number;
      if (escaped === LETTER_U) {
        byte = Number.parseInt(raw.toString("latin1", from + 1, from + 5), 16);
        from += 4;
        if (!(byte < 0x80)) return undefined;
        if (byte === LINE_FEED || byte === CARRIAGE_RETURN) continue;
      } else {
        if (!ESCAPES.has(escaped)) return undefined;
        const meant = ESCAPES.get(escaped);
        if (meant === undefined) continue;
        byte = meant;
      }
    }
    raw[to++] = byte;
    if (from > pause) {
      pause = from + STEP;
      await nextTurn();
    }
  }
  return raw.subarray(0, to);
}
