import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { DemoError } from "./errors.js";

/** A program that the demo can run: what is copied into the runner and the command that runs it there. */
export interface Program {
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly content: Buffer }[];
  /** Programs that the runner must have. */
  readonly tools: readonly string[];
  /** A shell command line without single quotes, which the API forbids. */
  readonly command: string;
}

const MAX_FILES = 100;
const MAX_BYTES = 16 * 1024 * 1024;
const KINDS = "FILE is a shell script, a Python program, a C file, or a folder with a Makefile";

/**
 * Looks at FILE and decides how it runs: by its extension, its first line, or the Makefile beside it.
 * @throws DemoError when there is no such file or none of it can be run.
 */
export async function readProgram(path: string): Promise<Program> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) throw new DemoError(`there is no file ${path}`);
  if (info.isDirectory()) return await makeProgram(path);
  if (basename(path) === "Makefile") return await makeProgram(dirname(path));
  if (info.size > MAX_BYTES) throw new DemoError(`${path} has more than ${MAX_BYTES} bytes`);
  if (extname(path) === ".c") return await cProgram(path);
  const content = await readFile(path);
  const interpreter = interpreterOf(path, content);
  if (interpreter === undefined) throw new DemoError(`${path} is of no kind that the demo can run: ${KINDS}`);
  const name = safeName(basename(path));
  return {
    name,
    files: [{ path: name, content }],
    tools: [interpreter],
    command: `${interpreter} ./${name}`,
  };
}

function interpreterOf(path: string, content: Buffer): string | undefined {
  const firstLine = content.subarray(0, 200).toString("latin1").split("\n", 1)[0] ?? "";
  const named = /^#!.*\b(bash|sh|python3?)\b/.exec(firstLine)?.[1];
  if (named !== undefined) return named === "python" ? "python3" : named;
  return { ".sh": "bash", ".bash": "bash", ".py": "python3" }[extname(path)];
}

/** A C file: with a Makefile beside it that can `run`, the folder; else the one file, by make's own rules. */
async function cProgram(path: string): Promise<Program> {
  const makefile = await readFile(join(dirname(path), "Makefile"), "utf8").catch(() => "");
  if (hasRunTarget(makefile)) return await makeProgram(dirname(path));
  const name = safeName(basename(path));
  const target = name.slice(0, -".c".length);
  return {
    name,
    files: [{ path: name, content: await readFile(path) }],
    tools: ["make", "cc"],
    command: `make --silent ./${target} && ./${target}`,
  };
}

async function makeProgram(folder: string): Promise<Program> {
  const files = await readFolder(folder);
  const makefile = files.find((file) => file.path === "Makefile");
  if (makefile === undefined) throw new DemoError(`${folder} has no Makefile: ${KINDS}`);
  if (!hasRunTarget(makefile.content.toString()))
    throw new DemoError(`the Makefile in ${folder} needs a target "run"`);
  return { name: basename(folder), files, tools: ["make", "cc"], command: "make --silent run" };
}

const hasRunTarget = (makefile: string): boolean => /^run\s*:/m.test(makefile);

/** The plain files of a folder, without hidden ones and folders. */
async function readFolder(folder: string): Promise<Program["files"]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map(({ name }) => name);
  if (names.length > MAX_FILES) throw new DemoError(`${folder} has more than ${MAX_FILES} files`);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  if (sizes.reduce((sum, size) => sum + size, 0) > MAX_BYTES)
    throw new DemoError(`${folder} has more than ${MAX_BYTES} bytes`);
  return await Promise.all(
    names.sort().map(async (name) => ({ path: name, content: await readFile(join(folder, name)) })),
  );
}

/** A name that needs no quoting in a command line. */
const safeName = (name: string): string => name.replaceAll(/[^\w.-]/g, "_").replace(/^-/, "_");
