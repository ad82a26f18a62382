const longest = 1_000;

/**
 * Makes one readable line of what Nomad said: its trees of errors ("1 error occurred:\n\t* …") become "a: b; c", white space is
 * collapsed, credentials in addresses are masked, and the length is bounded.
 */
export function oneLine(text: string): string {
  const line = text
    .replace(/\d+ errors? occurred:\s*(?:\*\s+)?/g, "")
    .replace(/\s*\n\s*\*\s+/g, "; ")
    .replace(/\/\/[^\s/@]+@/g, "//…@")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not get through
    .replace(/[\s\u0000-\u001f\u007f]+/g, " ")
    .trim();
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
