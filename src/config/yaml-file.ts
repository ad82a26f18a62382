import { parseAllDocuments, Scalar, type ScalarTag } from "yaml";
import { isSection, type RawValue } from "./values.js";

/** What an unquoted scalar must look like to be nothing at all: the key keeps its default. */
const nothing: ScalarTag = {
  tag: "tag:yaml.org,2002:null",
  default: true,
  test: /^(?:~|null|Null|NULL)?$/,
  identify: (value) => value === null,
  createNode: () => new Scalar(null),
  resolve: () => new Scalar(null),
};

/**
 * Parses a configuration file into sections, lists and texts. Numbers and booleans stay texts, since only a key knows whether `010`,
 * `yes` or `30_000` is one. Of several documents the first counts; an empty file is an empty section.
 * @throws Error with a message of one line when the text is no YAML or no section of keys.
 */
export function parseYamlFile(text: string): { readonly [key: string]: RawValue } {
  const [document] = parseAllDocuments(text, {
    schema: "failsafe",
    customTags: (tags) => [nothing, ...tags],
    merge: true,
    prettyErrors: true,
    logLevel: "error",
  });
  if (document === undefined || !("toJS" in document)) return {};
  const [error] = document.errors;
  if (error !== undefined) throw new Error(firstLine(error.message));
  const value: RawValue = document.toJS({ maxAliasCount: 100 });
  if (value === null || value === "") return {};
  if (!isSection(value)) throw new Error("a section with keys is expected, as in `server:`");
  return value;
}

/** The parser's later lines show the file's text, which may be a secret. */
const firstLine = (message: string): string => message.split("\n", 1)[0]?.replace(/:$/, "") ?? "";
