import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const COMPILER_OPTIONS = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2023,
  verbatimModuleSyntax: true,
};

/** The server's sources and one entry file as plain JavaScript, for a process of its own that a test may kill. */
export interface CompiledServer {
  /** The entry file's path. */
  readonly entry: string;
  remove(): void;
}

/** Compiles `entry` (below the repository's root) with all of `src`, without checking types: `npm run check` does that. */
export function compileServer(entry: string): CompiledServer {
  const folder = mkdtempSync(join(tmpdir(), "server-test-"));
  const sources = readdirSync(join(ROOT, "src"), { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => relative(ROOT, join(file.parentPath, file.name)))
    .filter((path) => !path.startsWith("src/agent/"));
  for (const path of [...sources, entry]) {
    const target = join(folder, path.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(target), { recursive: true });
    if (path.endsWith(".ts")) writeFileSync(target, transpiled(join(ROOT, path)));
    else cpSync(join(ROOT, path), target);
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
  return {
    entry: join(folder, entry.replace(/\.ts$/, ".js")),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function transpiled(path: string): string {
  const options = { compilerOptions: COMPILER_OPTIONS, fileName: path };
  return ts.transpileModule(readFileSync(path, "utf8"), options).outputText;
}
