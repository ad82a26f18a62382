// `npm run test:package`: packs the project, also from a folder without git, installs the package elsewhere and uses it.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "poseidon-package-"));
const run = (command, args, cwd) =>
  execFileSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 240_000,
  });
const fail = (message) => {
  throw new Error(message);
};

/** What may be in a package, by the first part of its path. */
const ALLOWED = new Set([
  "LICENSE",
  "README.md",
  ".env.example",
  "deploy",
  "dist",
  "docs",
  "examples",
  "package.json",
  "THIRD-PARTY.md",
]);

try {
  const copy = join(folder, "copy");
  mkdirSync(copy);
  for (const name of readdirSync(".")) {
    if ([".git", "node_modules", "dist", "coverage"].includes(name)) continue;
    cpSync(name, join(copy, name), { recursive: true });
  }
  cpSync("node_modules", join(copy, "node_modules"), { recursive: true, verbatimSymlinks: true });
  const packed = JSON.parse(run("npm", ["pack", "--json", "--silent", "--pack-destination", folder], copy));
  const [{ filename, files }] = packed;
  for (const { path } of files) {
    if (!ALLOWED.has(path.split("/", 1)[0])) fail(`the package has ${path}`);
    if (path.endsWith(".ts")) fail(`the package has ${path}`);
  }
  for (const path of ["dist/main.js", "README.md", "deploy/systemd/poseidon.service", "docs/licences.md"])
    if (!files.some((file) => file.path === path)) fail(`the package lacks ${path}`);

  const elsewhere = join(folder, "elsewhere");
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, "package.json"), "{}");
  run("npm", ["install", "--silent", "--omit=dev", join(folder, filename)], elsewhere);
  const poseidon = join(elsewhere, "node_modules", ".bin", "poseidon");
  const version = run(poseidon, ["--version"], elsewhere).trim();
  if (!/^\d+\.\d+\.\d+/.test(version)) fail(`the version is ${version}`);
  run(poseidon, ["demo", "--once"], elsewhere);
  console.log(`${filename}: ${files.length} files, version ${version}, the demo runs`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
