/** What a shell text reads by `receive` (plain/receive.sh): the nonce, the sizes of the words, the words. No word holds NUL. */
export function requestBytes(nonce: string, words: readonly string[]): Buffer {
  return Buffer.concat([Buffer.from(`${nonce}\n`, "latin1"), wordBytes(words)]);
}

/** What a shell text reads by `take_words` (resident/words.sh): the sizes of the words, the words. No word holds NUL. */
export function wordBytes(words: readonly string[]): Buffer {
  const parts = words.map((word) => Buffer.from(word, "utf8"));
  const sizes = `${parts.map((part) => part.length).join(" ")}\n`;
  return Buffer.concat([Buffer.from(sizes, "latin1"), ...parts]);
}

const backslash = 0x5c;

/**
 * Bytes as text that a terminal hands on unchanged in any of its modes, for `printf %b`: control characters, the backslash and
 * everything beyond ASCII as `\0ooo`.
 */
export function terminalSafe(bytes: Buffer): Buffer {
  const text: string[] = [];
  for (const byte of bytes) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== backslash;
    text.push(plain ? String.fromCharCode(byte) : `\\0${byte.toString(8).padStart(3, "0")}`);
  }
  return Buffer.from(text.join(""), "latin1");
}
