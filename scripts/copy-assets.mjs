// Copies what tsc leaves behind: shell texts and other files that the code reads at run time. Notes the commit for `--version`.
import { spawnSync } from "node:child_process";
import { chmod, copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";

const ASSETS = new Set([".sh", ".html", ".css", ".json", ".py", ".c", ".txt"]);

for (const entry of await readdir("src", { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !ASSETS.has(extname(entry.name))) continue;
  const from = join(entry.parentPath, entry.name);
  const to = join("dist", from.slice("src/".length));
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
}

const { status, stdout } = spawnSync("git", ["rev-parse", "--short=12", "HEAD"], { encoding: "utf8" });
if (status === 0) await writeFile("dist/commit.txt", stdout);
else await rm("dist/commit.txt", { force: true });

await chmod("dist/main.js", 0o755);
