import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ListingError, ListingParser } from "../../../src/shell/listing.js";
import type { FileEntry } from "../../../src/shell/runner-shell.js";
import { isUtf8 } from "./support/text.js";

/** A name as GNU ls writes it with --quoting-style=c in the C locale. */
function quoted(name: string): string {
  const escapes: Record<number, string> = {
    7: "\\a",
    8: "\\b",
    9: "\\t",
    10: "\\n",
    11: "\\v",
    12: "\\f",
    13: "\\r",
    34: '\\"',
    92: "\\\\",
  };
  const text = [...Buffer.from(name)].map((byte) => {
    const plain =
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`;
    return escapes[byte] ?? plain;
  });
  return `"${text.join("")}"`;
}

function parse(
  text: string,
  options: { path: string; recursive: boolean; cuts?: readonly number[] },
): FileEntry[] {
  const parser = new ListingParser(options);
  const bytes = Buffer.from(text);
  const at = [...new Set((options.cuts ?? []).map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].flatMap((from, index) => parser.push(bytes.subarray(from, at[index] ?? bytes.length)));
}

const name = fc
  .string({ unit: "binary", minLength: 1, maxLength: 30 })
  .filter((text) => !/[/\0]/.test(text) && isUtf8(text));
const entry = fc.record(
  {
    name,
    linkTarget: name,
    entryType: fc.constantFrom("-", "d", "l", "p", "s", "?"),
    size: fc.nat(),
    modificationTime: fc.integer({ min: -1e9, max: 3e9 }),
    permissions: fc.constantFrom("rwxr--r--", "rwxrwxrwt", "rw-r--r--+", "rwsr-x---"),
    owner: fc.constantFrom("root", "user", "1000"),
    group: fc.constantFrom("root", "users", "domain users"),
  },
  { requiredKeys: ["name", "entryType", "size", "modificationTime", "permissions", "owner", "group"] },
);

function line(item: FileEntry, mark = ""): string {
  const target = item.linkTarget === undefined ? "" : ` -> ${quoted(item.linkTarget)}`;
  const { entryType, permissions, owner, group, size, modificationTime } = item;
  return `${entryType}${permissions}${mark} 1 ${owner}  ${group} ${String(size).padStart(8)} ${modificationTime} ${quoted(item.name)}${target}\n`;
}

describe("ListingParser", () => {
  const cuts = fc.array(fc.nat(), { maxLength: 10 });

  it("reads one level of a directory, however it is torn", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), cuts, (entries: FileEntry[], where) => {
        const text = `total 12\n${entries.map((item) => line(item)).join("")}`;
        expect(parse(text, { path: "dir", recursive: false, cuts: where })).toEqual(entries);
      }),
    );
  });

  it("reads a tree, with names below the path as requested", () => {
    const tree = fc.array(fc.tuple(name, fc.array(entry, { maxLength: 3 })), { maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(".", "./", "a//", "/", "b:\n"), tree, cuts, (path, directories, where) => {
        const root = path.replace(/\/+$/, "");
        const text = directories.map(
          ([directory, entries]) =>
            `\n${quoted(`${root}/${directory}`)}:\ntotal 0\n${entries.map((item: FileEntry) => line(item)).join("")}`,
        );
        const expected = directories.flatMap(([directory, entries]) =>
          entries.map((item: FileEntry) => ({ ...item, name: `${root}/${directory}/${item.name}` })),
        );
        const listing = `${quoted(path)}:\ntotal 0\n${text.join("")}`;
        expect(parse(listing, { path, recursive: true, cuts: where })).toEqual(expected);
      }),
    );
  });

  it("names a path that is no directory as it was requested", () => {
    const text = '-rw-r--r-- 1 root root 5 0 "f"\n';
    expect(parse(text, { path: "f", recursive: true })).toMatchObject([{ name: "f", size: 5 }]);
  });

  it("reads devices, marks behind the permissions, and what ls could not find out", () => {
    const text = [
      "total 0",
      'crw-rw-rw- 1 root tty 1, 3 1700000000 "null"',
      'brw-rw---- 1 root disk 259,   0 1700000000 "disk"',
      '-rw-r--r--. 1 root root 1 0 "selinux"',
      '-rw-r--r--@ 1 root root 1 0 "apple"',
      '-rw-r--r--+ 1 root root 1 0 "acl"',
      'd????????? ? ? ? ? ? "closed"',
      'lrwxrwxrwx 1 root root 1 0 "hidden target"',
      "",
    ].join("\n");
    const read = parse(text, { path: "x", recursive: false });
    expect(read.map((item) => [item.name, item.group, item.size, item.permissions])).toEqual([
      ["null", "tty", 0, "rw-rw-rw-"],
      ["disk", "disk", 0, "rw-rw----"],
      ["selinux", "root", 1, "rw-r--r--"],
      ["apple", "root", 1, "rw-r--r--"],
      ["acl", "root", 1, "rw-r--r--+"],
      ["closed", "?", 0, "?????????"],
      ["hidden target", "root", 1, "rwxrwxrwx"],
    ]);
    expect(read.every((item) => !("linkTarget" in item))).toBe(true);
  });

  it("makes bytes that are no UTF-8 replacement characters", () => {
    expect(parse('-rw-r--r-- 1 a b 0 0 "\\377x"\n', { path: "f", recursive: false })).toHaveLength(1);
    const text = 'total 0\n-rw-r--r-- 1 a b 0 0 "\\377x"\n';
    expect(parse(text, { path: "d", recursive: false })).toMatchObject([{ name: "\ufffdx" }]);
  });

  it.each(["ls: unrecognized option", "-rw-r--r-- 1 root root 0 Jan 1 1970 f", '"unfinished'])(
    "refuses %j",
    (text) => {
      expect(() => parse(`${text}\n`, { path: "x", recursive: true })).toThrow(ListingError);
    },
  );
});
