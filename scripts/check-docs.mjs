// Checks what goes stale in the documents, as a part of `npm run check`: every test that docs/conformance.md names is there, README.md names every
// document, links lead somewhere, and docs/licences.md names what package-lock.json has.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import ts from "typescript";
import { licencePage } from "./licences.mjs";

const root = new URL("../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");
const documents = readdirSync(new URL("docs/", root))
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`);
const problems = [...conformance(), ...readme(), ...links(), ...licences()];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

/** Rows without a test that do not say so, and tests that are not there. */
function conformance() {
  const found = [];
  const titles = new Map();
  for (const line of read("docs/conformance.md").split("\n")) {
    const [, rule, evidence] = /^\| (.*) \| (.*) \|$/.exec(line) ?? [];
    if (rule === undefined || rule === "rule" || rule === "---") continue;
    const citations = citationsOf(evidence);
    if (citations.length === 0 && !evidence.startsWith("not yet"))
      found.push(`docs/conformance.md: no test, and no "not yet": ${rule}`);
    for (const { file, name } of citations) {
      if (!titles.has(file)) titles.set(file, titlesOf(`test/${file}`));
      const exists = titles.get(file).some((title) => title.includes(name) && isTelling(name, title));
      if (!exists) found.push(`docs/conformance.md: test/${file} has no test "${name}"`);
    }
  }
  return found;
}

/** The tests that a row names: a file below test/ in backticks, behind it parts of names in quotes. */
function citationsOf(evidence) {
  const citations = [];
  let file = "";
  for (const [, path, name] of evidence.matchAll(/`([\w./-]+\.ts)`|"([^"]+)"/g)) {
    if (path !== undefined) file = path;
    else citations.push({ file, name });
  }
  return citations;
}

/** A part of a name has to be long enough to tell which test it is. */
function isTelling(part, title) {
  return /[a-z]{3}/i.test(part) && (part.length >= 10 || part === title);
}

/** The names of all tests and groups in a file, `each` and its like included. */
function titlesOf(path) {
  if (!existsSync(new URL(path, root))) return [];
  const file = ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest);
  const titles = [];
  const visit = (node) => {
    if (ts.isCallExpression(node) && ["describe", "it", "test"].includes(rootOf(node.expression))) {
      const [title] = node.arguments;
      if (title !== undefined && ts.isStringLiteralLike(title)) titles.push(title.text);
      else if (title !== undefined && ts.isTemplateExpression(title)) titles.push(title.getText(file));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return titles;
}

/** `test` of `test.skipIf(condition).each(cases)`. */
function rootOf(expression) {
  if (ts.isIdentifier(expression)) return expression.text;
  if (ts.isCallExpression(expression) || ts.isPropertyAccessExpression(expression))
    return rootOf(expression.expression);
  return "";
}

function readme() {
  const text = read("README.md");
  return documents
    .filter((path) => !text.includes(`| [${path}](${path}) |`))
    .map((path) => `README.md: its table does not name ${path}`);
}

function links() {
  return ["README.md", ...documents].flatMap((page) => {
    const targets = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, target]) => target);
    return targets
      .filter((target) => !existsSync(new URL(target, new URL(page, root))))
      .map((target) => `${page}: ${target} is not there`);
  });
}

function licences() {
  return read("docs/licences.md") === licencePage()
    ? []
    : ["docs/licences.md is stale: run node scripts/licences.mjs"];
}
