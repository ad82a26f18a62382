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

const compilerOptions = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2023,
  verbatimModuleSyntax: true,
};

/** The program as `npm run build` makes it, for processes of its own. */
export interface CompiledProgram {
  /** Path of main.js. */
  readonly main: string;
  remove(): void;
}

/** Compiles all of `src` into a folder of its own, without a look at types: `npm run check` does that. */
export function compileProgram(): CompiledProgram {
  const folder = mkdtempSync(join(tmpdir(), "poseidon-program-"));
  for (const file of readdirSync(join(ROOT, "src"), { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const from = join(file.parentPath, file.name);
    const target = join(folder, "dist", relative(join(ROOT, "src"), from).replace(/\.ts$/, ".js"));
    mkdirSync(dirname(target), { recursive: true });
    if (!from.endsWith(".ts")) cpSync(from, target);
    else
      writeFileSync(target, ts.transpileModule(readFileSync(from, "utf8"), { compilerOptions }).outputText);
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
  return {
    main: join(folder, "dist", "main.js"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
