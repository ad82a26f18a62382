import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { citationsOf, rowsOf } from "./conformance-table.js";
import { titlesOf } from "./titles.js";

const tests = new URL("../../", import.meta.url);
const document = readFileSync(new URL("../docs/conformance.md", tests), "utf8");
const rows = rowsOf(document);

describe("docs/conformance.md", () => {
  it("has a section for each file of the specification", () => {
    const headings = document.split("\n").filter((line) => line.startsWith("## "));
    expect(headings).toEqual(
      ["rest-api", "execution", "lifecycle", "nomad", "agent", "configuration", "runner-shell"]
        .concat(["aws", "beyond", "performance"])
        .map((name) => `## ${name}.md`),
    );
  });

  it("names a test for each rule, or says that there is none", () => {
    const without = rows.filter((row) => citationsOf(row).length === 0);
    expect(without.filter(({ evidence }) => !evidence.startsWith("not yet"))).toEqual([]);
  });

  it("names tests that exist", { timeout: 60_000 }, () => {
    const titles = new Map<string, readonly string[]>();
    const wrong: string[] = [];
    for (const row of rows) {
      for (const { file, name } of citationsOf(row)) {
        const url = new URL(file, tests);
        if (!titles.has(file)) titles.set(file, existsSync(url) ? titlesOf(readFileSync(url, "utf8")) : []);
        const found = titles.get(file)?.some((title) => title.includes(name) && isTelling(name, title));
        if (!found) wrong.push(`${row.section}: ${file} has no test "${name}"`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

/** A part of a name has to be long enough to tell which test it is. */
function isTelling(part: string, title: string): boolean {
  return /[a-z]{3}/i.test(part) && (part.length >= 10 || part === title);
}
