/** Reads a text line back into its pairs; throws where it is no such line. Written apart from the formatter, after logrus' rules. */
export function parseTextLine(line: string): Map<string, string> {
  const pairs = new Map<string, string>();
  let rest = line;
  while (rest !== "") {
    const match = /^([^\s=]+)=(?:"((?:[^"\\]|\\.)*)"|([a-zA-Z0-9._/@^+-]*))(?: |$)/u.exec(rest);
    if (match === null) throw new Error(`not a pair: ${rest}`);
    const [whole, key = "", quoted, bare] = match;
    if (pairs.has(key)) throw new Error(`twice: ${key}`);
    pairs.set(key, quoted === undefined ? (bare ?? "") : unquote(quoted));
    rest = rest.slice(whole.length);
  }
  return pairs;
}

const SIMPLE: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" };

const unquote = (text: string): string =>
  text.replaceAll(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))/g, (_, x, u, wide, simple) => {
    if (simple !== undefined) return SIMPLE[simple] ?? "?";
    return String.fromCodePoint(Number.parseInt(x ?? u ?? wide, 16));
  });
