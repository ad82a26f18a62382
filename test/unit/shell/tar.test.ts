import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanPath } from "../../../src/shell/paths.js";
import type { CopyEntry } from "../../../src/shell/runner-shell.js";
import { tarStream } from "../../../src/shell/tar.js";
import { unquoteC } from "../../../src/shell/unquote-c.js";
import { isUtf8 } from "./support/text.js";

function tar(stream: Buffer, ...options: string[]): Buffer {
  const { status, stdout, stderr } = spawnSync("tar", ["--absolute-names", "--file=-", ...options], {
    input: stream,
    env: { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" },
  });
  expect([status, stderr.toString()]).toEqual([0, ""]);
  return stdout;
}

const part = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 150 })
  .filter((text) => !/[/\0]/.test(text) && text !== "." && text !== ".." && isUtf8(text));
const path = fc
  .tuple(fc.array(part, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([parts, directory]) => parts.join("/") + (directory ? "/" : ""));
const entry = fc.record({
  path,
  content: fc.uint8Array({ maxLength: 1200 }).map((bytes) => Buffer.from(bytes)),
});

describe("tarStream", () => {
  it("is read by tar, with exact names and contents", () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 8 }), (entries: CopyEntry[]) => {
        const stream = Buffer.concat([...tarStream(entries)]);
        const options = ["--verbose", "--numeric-owner", "--full-time", "--quoting-style=c"];
        const lines = tar(stream, "--list", ...options)
          .toString()
          .trimEnd()
          .split("\n");
        expect(
          lines.map((line) => [
            line.replace(/ +\d+ (?=1970).*/, ""),
            unquoteC(line, line.indexOf('"'))?.name,
          ]),
        ).toEqual(
          entries.map((item) =>
            item.path.endsWith("/")
              ? ["drwxrwxrwt 0/0", `${cleanPath(item.path)}/`]
              : ["-rwxr--r-- 0/0", cleanPath(item.path)],
          ),
        );
        expect(lines.every((line) => line.includes(" 1970-01-01 00:00:00 "))).toBe(true);
        const files = entries.filter((item) => !item.path.endsWith("/"));
        const contents = tar(stream, "--extract", "--to-stdout");
        expect(contents.equals(Buffer.concat(files.map(({ content }) => content)))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("fills whole records, which tar waits for", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 6 }), (entries) => {
        const length = [...tarStream(entries)].reduce((sum, chunk) => sum + chunk.length, 0);
        expect(length % 10_240).toBe(0);
      }),
    );
  });

  it("does not copy contents", () => {
    const content = Buffer.alloc(100_000);
    expect([...tarStream([{ path: "a", content }])]).toContain(content);
  });
});
