import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownerIsGone, ownerName } from "../owner-name.js";
import { type CgroupFolders, cgroupFolders } from "./folders.js";
import { removed } from "./remove.js";
import { CgroupTree } from "./tree.js";

const NEEDED = ["memory", "pids"];
const CONTROLLERS = [...NEEDED, "cpu"];

/**
 * Makes a place for tasks below this process's control groups, and clears away what dead processes left there. Undefined where memory
 * and the number of processes cannot be limited: no right to, or no such controllers.
 */
export function openCgroups(folders: CgroupFolders = ownFolders()): CgroupTree | undefined {
  const name = ownerName();
  return openVersion1(folders, name) ?? openVersion2(folders, name);
}

function openVersion1({ controllers }: CgroupFolders, name: string): CgroupTree | undefined {
  if (!NEEDED.every((controller) => controllers.has(controller))) return undefined;
  const parents = new Map<string, string>();
  for (const controller of CONTROLLERS) {
    const folder = controllers.get(controller);
    if (folder === undefined) continue;
    clear(folder);
    // Two controllers may share a hierarchy.
    if ([...parents.values()].includes(join(folder, name)) || made(join(folder, name))) {
      parents.set(controller, join(folder, name));
    } else if (NEEDED.includes(controller)) {
      for (const parent of parents.values()) rmdirSync(parent);
      return undefined;
    }
  }
  return new CgroupTree(1, parents);
}

/**
 * A group with processes cannot share its controllers with groups below it, except the topmost: so beside our own group where it is
 * delegated and empty, else at the top.
 */
function openVersion2({ unified }: CgroupFolders, name: string): CgroupTree | undefined {
  if (unified === undefined) return undefined;
  for (const folder of new Set([unified.own, unified.top])) {
    clear(folder);
    const parent = join(folder, name);
    if (!shared(folder) || !made(parent)) continue;
    if (shared(parent))
      return new CgroupTree(2, new Map(CONTROLLERS.map((controller) => [controller, parent])));
    rmdirSync(parent);
  }
  return undefined;
}

/** Lets the groups below `folder` use the controllers; false when that cannot be. */
function shared(folder: string): boolean {
  try {
    const file = join(folder, "cgroup.subtree_control");
    const enabled = readFileSync(file, "latin1").trim().split(" ");
    const missing = CONTROLLERS.filter((controller) => !enabled.includes(controller));
    if (missing.length > 0) writeFileSync(file, missing.map((controller) => `+${controller}`).join(" "));
    return true;
  } catch {
    return false;
  }
}

/** Removes the places of processes that are gone, with the groups in them, and kills what should have died with its owner. */
function clear(folder: string): void {
  for (const name of list(folder)) {
    if (!ownerIsGone(name)) continue;
    const place = join(folder, name);
    for (const task of list(place)) {
      for (const pid of members(join(place, task))) kill(pid);
      removed(join(place, task));
    }
    removed(place);
  }
}

function members(folder: string): readonly number[] {
  try {
    return readFileSync(join(folder, "cgroup.procs"), "latin1")
      .split("\n")
      .map(Number)
      .filter((pid) => pid > 1);
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

function made(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

function ownFolders(): CgroupFolders {
  try {
    return cgroupFolders(
      readFileSync("/proc/self/cgroup", "latin1"),
      readFileSync("/proc/self/mountinfo", "latin1"),
    );
  } catch {
    return { controllers: new Map(), unified: undefined };
  }
}
