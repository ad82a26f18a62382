import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("spoil.c", import.meta.url));

/** Compiles spoil.c so that it runs in any image. */
export function compileSpoiler(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "spoil-"));
  try {
    const program = join(folder, "spoil");
    execFileSync("gcc", ["-static", "-Os", "-s", "-o", program, source]);
    return readFileSync(program);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
