import { LineSplitter } from "../lib/line-splitter.js";
import { parseListingLine } from "./listing-line.js";
import type { FileEntry } from "./runner-shell.js";
import { unquoteC } from "./unquote-c.js";

/** Longest line, in bytes: a name and a target of 4 KiB each, every byte written as an escape, and the rest. */
const longestLine = 64 * 1024;

/** A line is not what GNU ls writes. */
export class ListingError extends Error {
  constructor() {
    super("ls wrote what cannot be read");
    this.name = "ListingError";
  }
}

/**
 * Reads the output of `ls -l --quoting-style=c --time-style=+%s [--recursive]`, piece by piece, and names the entries as clients get them
 * (rest-api.md): recursive, the path as requested, one `/`, the rest; one level of a directory, the bare name; a path that is no
 * directory, the path as requested.
 */
export class ListingParser {
  readonly #path: string;
  readonly #recursive: boolean;
  readonly #lines = new LineSplitter({ maximum: longestLine });
  /** What stands before the names of the current directory; undefined while no directory was met. */
  #prefix: string | undefined;

  constructor(options: { readonly path: string; readonly recursive: boolean }) {
    this.#path = options.path;
    this.#recursive = options.recursive;
  }

  /** The entries that `chunk` completes. Throws ListingError, LineTooLongError. */
  push(chunk: Buffer): FileEntry[] {
    const entries: FileEntry[] = [];
    for (const line of this.#lines.push(chunk)) {
      const entry = this.#read(line);
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }

  #read(line: string): FileEntry | undefined {
    if (line === "") return undefined;
    const header = this.#recursive ? unquoteC(line, 0) : undefined;
    if (header !== undefined) {
      this.#prefix = `${this.#directory(header.name)}/`;
      return undefined;
    }
    if (/^[^" ]+ \d+$/.test(line)) {
      // The sum of a directory's blocks.
      this.#prefix ??= "";
      return undefined;
    }
    const entry = parseListingLine(line);
    if (entry === undefined) throw new ListingError();
    return { ...entry, name: this.#prefix === undefined ? this.#path : this.#prefix + entry.name };
  }

  #directory(name: string): string {
    const root = withoutSlashes(this.#path);
    const rest = withoutSlashes(name.slice(root.length)).replace(/^\/+/, "");
    return rest === "" ? root : `${root}/${rest}`;
  }
}

function withoutSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end--;
  return path.slice(0, end);
}
