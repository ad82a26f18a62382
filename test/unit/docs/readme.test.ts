import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const root = new URL("../../../", import.meta.url);
const readme = readFileSync(new URL("README.md", root), "utf8");

it("README.md names every document", () => {
  const documents = readdirSync(new URL("docs/", root)).map((name) => `docs/${name}`);
  for (const name of [...documents, "test/cluster/README.md"])
    expect(readme).toContain(`| [${name}](${name}) |`);
});

it("the documents link to what is there", () => {
  const pages = ["README.md", ...readdirSync(new URL("docs/", root)).map((name) => `docs/${name}`)];
  for (const page of pages.filter((name) => name.endsWith(".md"))) {
    const url = new URL(page, root);
    for (const [, target = ""] of readFileSync(url, "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
      expect(existsSync(new URL(target, url)), `${page}: ${target}`).toBe(true);
    }
  }
});
