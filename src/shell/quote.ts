/**
 * `text` as one word of a POSIX shell, exact for everything but NUL, which no word can hold. Nothing is expanded in it.
 */
export function shellQuote(text: string): string {
  if (text.includes("\0")) throw new TypeError("a shell word cannot hold NUL");
  return `'${text.replaceAll("'", "'\\''")}'`;
}
