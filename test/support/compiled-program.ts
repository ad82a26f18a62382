import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The program as `npm run build` makes it, for processes of its own. */
export interface CompiledProgram {
  /** Path of main.js. */
  readonly main: string;
  remove(): void;
}

/**
 * Makes the program of `src`, or of another entry (below the repository's root), in a folder of its own, without a look at types: `npm run check`
 * does that.
 */
export function compileProgram(entry = "src/main.ts"): CompiledProgram {
  const folder = mkdtempSync(join(tmpdir(), "poseidon-program-"));
  execFileSync(process.execPath, [join(ROOT, "scripts/build.mjs"), join(folder, "dist"), join(ROOT, entry)]);
  cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
  return {
    main: join(folder, "dist", "main.js"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
