/** Whether `text` survives UTF-8, so has no half of a surrogate pair. */
export function isUtf8(text: string): boolean {
  return Buffer.from(text).toString() === text;
}
