/** Where a text stands: the file's booleans and numbers are read as Go's YAML library reads them, a variable's as Go's strconv does. */
export type TextSource = "file" | "variable";

const VARIABLE_TRUE = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const VARIABLE_FALSE = new Set(["0", "f", "F", "FALSE", "false", "False"]);
const YAML_TRUE = new Set(["true", "True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON"]);
const YAML_FALSE = new Set(["false", "False", "FALSE", "n", "N", "no", "No", "NO", "off", "Off", "OFF"]);

/** Reads a boolean: YAML 1.1's words in a file, those of queries (rest-api.md) in a variable. Undefined for any other text. */
export function parseBoolean(text: string, source: TextSource): boolean | undefined {
  const [yes, no] = source === "file" ? [YAML_TRUE, YAML_FALSE] : [VARIABLE_TRUE, VARIABLE_FALSE];
  if (yes.has(text)) return true;
  return no.has(text) ? false : undefined;
}

const DECIMAL = /^[-+]?[0-9]+$/;
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
/** Sign, then binary, hexadecimal and octal digits; octal with or without the `o`. */
const BASED = /^([-+]?)0(?:b([01]+)|x([0-9a-fA-F]+)|o?([0-7]+))$/;

/**
 * Reads a number. In a file as Go's YAML library does: underscores anywhere behind the first digit, `0x1f`, `0b1`, octal `0o17` and
 * `017`, `1e3`. In a variable decimal only. Undefined for anything else, infinities included.
 */
export function parseNumber(text: string, source: TextSource): number | undefined {
  if (source === "variable") return finite(FLOAT.test(text) ? Number(text) : undefined);
  if (!/^[-+]?[.0-9]/.test(text)) return undefined;
  const plain = text.replaceAll("_", "");
  const based = BASED.exec(plain);
  if (based !== null) {
    const [, sign, binary, hexadecimal, octal] = based;
    const digits = binary ?? hexadecimal ?? octal ?? "";
    const base = binary !== undefined ? 2 : hexadecimal !== undefined ? 16 : 8;
    return finite(Number.parseInt(`${sign}${digits}`, base));
  }
  return finite(FLOAT.test(plain) ? Number(plain) : undefined);
}

/** Reads an integer: as `parseNumber`, and in a variable plain decimal digits only. */
export function parseInteger(text: string, source: TextSource): number | undefined {
  if (source === "variable" && !DECIMAL.test(text)) return undefined;
  const number = parseNumber(text, source);
  return Number.isInteger(number) ? number : undefined;
}

/** Reads a variable's list: separated by spaces, a pair of double quotes around all of it dropped. */
export function parseList(text: string): readonly string[] {
  const quoted = text.length >= 2 && text.startsWith('"') && text.endsWith('"');
  return (quoted ? text.slice(1, -1) : text).split(" ").filter((item) => item !== "");
}

const finite = (number: number | undefined): number | undefined =>
  number !== undefined && Number.isFinite(number) ? number + 0 : undefined;
