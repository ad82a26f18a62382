// Makes the program of `src`: few files instead of 400, with the code of the dependencies that is used. A start takes 0.3 s less for it, and
// the process 20 MiB (docs/performance.md). Types are looked at by tsc, not here.
import { spawnSync } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("../", import.meta.url));
const source = join(root, "src");

/** What the code reads at run time. */
const ASSETS = new Set([".sh", ".html", ".css", ".json", ".py", ".c", ".txt"]);

/** Modules look for their files beside themselves: each goes on to believe that it stands where tsc would have put it. */
const ownPlace = {
  name: "own-place",
  transform(code, id) {
    if (!id.startsWith(source) || !code.includes("import.meta.url")) return null;
    const place = JSON.stringify(`./${relative(source, id).replace(/\.ts$/, ".js")}`);
    return { code: code.replaceAll("import.meta.url", `new URL(${place}, import.meta.url).href`) };
  },
};

/**
 * Undici's index loads all it has (fetch, WebSockets, caches, mocks), 50 ms and 5 MiB of every start. Here is what its HTTP clients make of it; an
 * import of anything else is an error of the build.
 */
const undiciIndex = `
  import api from "./lib/api/index.js";
  import Client from "./lib/dispatcher/client.js";
  import Dispatcher from "./lib/dispatcher/dispatcher.js";
  import Pool from "./lib/dispatcher/pool.js";
  Object.assign(Dispatcher.prototype, api);
  export { Client, Pool };
`;
const slimUndici = {
  name: "slim-undici",
  load: (id) => (id.endsWith("/node_modules/undici/index.js") ? { code: undiciIndex } : null),
};

/** V8 keeps a text with a single character beyond Latin-1 in two bytes for each. */
function ascii(code) {
  return code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Bundles the modules of `input` (rolldown's option) into `folder`. */
export async function bundle(input, folder) {
  const build = await rolldown({
    input,
    platform: "node",
    plugins: [ownPlace, slimUndici],
    resolve: { extensionAlias: { ".js": [".ts", ".js"] } },
  });
  const { output } = await build.generate({ format: "esm", chunkFileNames: "[name].js", comments: false });
  for (const { fileName, code } of output) await writeFile(join(folder, fileName), ascii(code));
  await build.close();
}

/** The whole program: bundle, assets, and the commit for `--version`. `entry` becomes `main.js`. Others may start a program from `folder` meanwhile. */
export async function buildProgram(folder, entry = join(source, "main.ts")) {
  const made = await mkdtemp(`${folder}-`);
  const before = `${made}-before`;
  try {
    await bundle({ main: entry }, made);
    await copyAssets(made);
    const { status, stdout } = spawnSync("git", ["rev-parse", "--short=12", "HEAD"], {
      cwd: root,
      encoding: "utf8",
    });
    if (status === 0) await writeFile(join(made, "commit.txt"), stdout);
    await chmod(made, 0o755);
    await chmod(join(made, "main.js"), 0o755);
    await rename(folder, before).catch(() => undefined);
    await rename(made, folder);
  } finally {
    for (const left of [made, before]) await rm(left, { recursive: true, force: true });
  }
}

async function copyAssets(folder) {
  for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !ASSETS.has(extname(entry.name))) continue;
    const from = join(entry.parentPath, entry.name);
    const to = join(folder, relative(source, from));
    await mkdir(dirname(to), { recursive: true });
    await copyFile(from, to);
  }
}
