/** A row of docs/conformance.md: a rule of the specification and what proves it. */
export interface Row {
  readonly section: string;
  readonly rule: string;
  readonly evidence: string;
}

/** A test that a row names: its file, below `test/`, and a part of its name. */
export interface Citation {
  readonly file: string;
  readonly name: string;
}

/** The rows of all tables of a document. */
export function rowsOf(document: string): Row[] {
  const rows: Row[] = [];
  let section = "";
  for (const line of document.split("\n")) {
    if (line.startsWith("#")) section = line.replace(/^#+ /, "");
    const [, rule, evidence] = /^\| (.*) \| (.*) \|$/.exec(line) ?? [];
    if (rule === undefined || evidence === undefined) continue;
    if (rule === "rule" || rule === "---") continue;
    rows.push({ section, rule, evidence });
  }
  return rows;
}

/** The tests that a row names, in order: a file in backticks, behind it names in quotes. */
export function citationsOf({ evidence }: Row): Citation[] {
  const citations: Citation[] = [];
  let file = "";
  for (const [, path, name] of evidence.matchAll(/`([\w./-]+\.ts)`|"([^"]+)"/g)) {
    if (path !== undefined) file = path;
    else if (name !== undefined) citations.push({ file, name });
  }
  return citations;
}
