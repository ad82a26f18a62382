import { cleanPath, isDirectoryPath } from "./paths.js";
import type { CopyEntry } from "./runner-shell.js";

const blockSize = 512;
/** tar reads from a pipe in records of this size, in bytes, and waits for a whole one. */
const recordSize = 20 * blockSize;
const longestName = 100;
const fileMode = 0o744;
/** Sticky: users create files beside protected ones, but cannot remove those. */
const directoryMode = 0o1777;
const empty = Buffer.alloc(0);

/**
 * A tar stream of `entries` as execution.md has them: of root, from 1970, mode 0744, directories 01777. Chunks are handed out one by one and
 * contents are not copied. Names that a plain header cannot hold go into PAX headers.
 */
export function* tarStream(entries: Iterable<CopyEntry>): Generator<Buffer, void> {
  let length = 0;
  for (const chunk of members(entries)) {
    length += chunk.length;
    yield chunk;
  }
  const end = length + 2 * blockSize;
  yield Buffer.alloc(Math.ceil(end / recordSize) * recordSize - length);
}

function* members(entries: Iterable<CopyEntry>): Generator<Buffer, void> {
  for (const entry of entries) {
    const directory = isDirectoryPath(entry.path);
    const name = Buffer.from(cleanPath(entry.path) + (directory ? "/" : ""), "utf8");
    const content = directory ? empty : entry.content;
    if (!fitsPlainHeader(name)) {
      const record = paxRecord("path", name);
      yield header({ name: Buffer.from("pax"), type: "x", mode: fileMode, size: record.length });
      yield padded(record);
    }
    yield header({
      name: name.subarray(0, longestName),
      type: directory ? "5" : "0",
      mode: directory ? directoryMode : fileMode,
      size: content.length,
    });
    if (content.length > 0) yield content;
    const rest = content.length % blockSize;
    if (rest > 0) yield Buffer.alloc(blockSize - rest);
  }
}

function fitsPlainHeader(name: Buffer): boolean {
  return name.length <= longestName && name.every((byte) => byte < 0x80);
}

/** `LENGTH KEY=VALUE\n`, where the length counts itself. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from("\n")]);
  let length = rest.length;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function header(fields: {
  readonly name: Buffer;
  readonly type: "0" | "5" | "x";
  readonly mode: number;
  readonly size: number;
}): Buffer {
  const block = Buffer.alloc(blockSize);
  const octal = (value: number, at: number, length: number) =>
    block.write(value.toString(8).padStart(length - 1, "0"), at, "latin1");
  fields.name.copy(block, 0);
  octal(fields.mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(fields.size, 124, 12);
  octal(0, 136, 12);
  block.write("        ", 148, "latin1");
  block.write(fields.type, 156, "latin1");
  block.write("ustar\u000000", 257, "latin1");
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  block[154] = 0;
  return block;
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data], Math.ceil(data.length / blockSize) * blockSize);
}
