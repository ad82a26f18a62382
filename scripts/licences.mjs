// docs/licences.md from package-lock.json: `node scripts/licences.mjs` writes it, `npm run check` compares.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const root = new URL("../", import.meta.url);

/** What may come with the server: licences that ask for no more than their text. */
const PERMISSIVE = new Set(["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"]);

/**
 * The page as it should be.
 * @throws Error for a dependency of the server whose licence is none of the permissive ones
 */
export function licencePage() {
  const { packages } = JSON.parse(readFileSync(new URL("package-lock.json", root), "utf8"));
  const all = Object.entries(packages)
    .filter(([path]) => path !== "")
    .map(([path, { version, license = "none", dev = false }]) => ({
      name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
      version,
      license,
      dev,
    }))
    .sort((one, other) => (`${one.name} ${one.version}` < `${other.name} ${other.version}` ? -1 : 1));
  const shipped = all.filter(({ dev }) => !dev);
  for (const { name, license } of shipped) {
    if (!PERMISSIVE.has(license)) throw new Error(`${name} has the licence ${license}`);
  }
  return `# Licences of the dependencies

Generated from package-lock.json: \`node scripts/licences.mjs\`. What the server uses of them is part of the files of \`dist\`; the text of each licence is in its package, \`node_modules/<name>\` of an installation and
\`/srv/poseidon/node_modules/<name>\` of the image; abstract-logging has none there, and names MIT in its package.json.

## What the server runs with

${table(shipped)}

## What it is developed with

Neither the package nor the image has these.

${table(all.filter(({ dev }) => dev))}
`;
}

function table(rows) {
  const lines = rows.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`);
  return ["| package | version | licence |", "| --- | --- | --- |", ...new Set(lines)].join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1]).href)
  writeFileSync(new URL("docs/licences.md", root), licencePage());
