import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { ownerIsGone, ownerName } from "../owner-name.js";
import { bashEnvironment, OWN_SETUSER } from "./own-setuser.js";

/** Places of the machine that every user may write to, which a task with an id of its own may have left something in. */
const SHARED = ["/tmp", "/var/tmp", "/dev/shm"];

/** Of a folder's mode: users that neither own it nor are of its group may go through. */
const OTHERS_ENTER = 0o001;

/** The private places of one task. */
export interface TaskFolder {
  readonly path: string;
  readonly workspace: string;
  readonly home: string;
  readonly tmp: string;
}

/** The folder of one executor, with a folder for each of its tasks. Its path needs no quoting in a shell. */
export class ExecutorFolder {
  readonly path: string;
  readonly setuser: string;
  readonly bashEnvironment: string;

  private constructor(path: string) {
    this.path = path;
    this.setuser = join(path, "setuser");
    this.bashEnvironment = join(path, "bash-environment");
  }

  /** Makes one, and removes those of processes that are gone. */
  static create(): ExecutorFolder {
    const parent = serves(tmpdir()) ? tmpdir() : "/tmp";
    for (const name of readdirSync(parent)) {
      const path = join(parent, name);
      // Anybody may make a folder of that name here.
      if (!ownerIsGone(name) || lstatSync(path, { throwIfNoEntry: false })?.uid !== process.getuid?.())
        continue;
      rmSync(path, { recursive: true, force: true });
    }
    const folder = new ExecutorFolder(join(parent, ownerName()));
    mkdirSync(folder.path, { mode: 0o700 });
    writeFileSync(folder.setuser, OWN_SETUSER);
    chmodSync(folder.setuser, 0o755);
    writeFileSync(folder.bashEnvironment, bashEnvironment(folder.setuser));
    chmodSync(folder.bashEnvironment, 0o644);
    chmodSync(folder.path, 0o711);
    return folder;
  }

  /** Makes a task's folder; with an `id`, that user alone can enter it. */
  add(name: string, id: number | undefined): TaskFolder {
    const path = join(this.path, name);
    const folder = {
      path,
      workspace: join(path, "workspace"),
      home: join(path, "home"),
      tmp: join(path, "tmp"),
    };
    for (const place of Object.values(folder)) {
      mkdirSync(place, { mode: 0o700 });
      if (id !== undefined) chownSync(place, id, id);
    }
    return folder;
  }
}

/** Removes a task's folder, and with an `id` of its own what it left in the machine's. Its processes must be gone. */
export function removeTaskFolder(folder: TaskFolder, id: number | undefined): void {
  rmSync(folder.path, { recursive: true, force: true });
  if (id === undefined) return;
  for (const place of SHARED) {
    for (const name of list(place)) {
      const path = join(place, name);
      if (lstatSync(path, { throwIfNoEntry: false })?.uid === id)
        rmSync(path, { recursive: true, force: true });
    }
  }
}

/** Whether tasks can have their folders below `path`: it needs no quoting, and root's tasks, which are other users, can get there. */
function serves(path: string): boolean {
  if (!/^[\w./-]+$/.test(path)) return false;
  if (process.getuid?.() !== 0) return true;
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const mode = statSync(folder, { throwIfNoEntry: false })?.mode ?? 0;
    if ((mode & OTHERS_ENTER) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
