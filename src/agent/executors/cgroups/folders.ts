/** Where this process's control groups lie in the file system. */
export interface CgroupFolders {
  /** Version 1: the folder of each controller. */
  readonly controllers: ReadonlyMap<string, string>;
  /** Version 2: our own folder and the top of the hierarchy; undefined where it is not mounted. */
  readonly unified: { readonly own: string; readonly top: string } | undefined;
}

interface Mount {
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** Works them out of the texts of `/proc/self/cgroup` and `/proc/self/mountinfo`. */
export function cgroupFolders(cgroup: string, mountinfo: string): CgroupFolders {
  const mounts = mountinfo.split("\n").flatMap(parseMount);
  const controllers = new Map<string, string>();
  let unified: CgroupFolders["unified"];
  for (const line of cgroup.split("\n")) {
    const [, id, names, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (names === undefined || path === undefined) continue;
    if (id === "0") {
      const mount = mounts.find(({ type }) => type === "cgroup2");
      if (mount !== undefined) unified = { own: folderOf(path, mount), top: mount.point };
      continue;
    }
    for (const name of names.split(",")) {
      const mount = mounts.find(({ type, options }) => type === "cgroup" && options.includes(name));
      if (mount !== undefined) controllers.set(name, folderOf(path, mount));
    }
  }
  return { controllers, unified };
}

/** A container may see a part of the hierarchy only: then the mount's root is not `/`, and our path may lie outside. */
function folderOf(path: string, mount: Mount): string {
  const root = mount.root === "/" ? "" : mount.root;
  if (path === "/" || path === root || path.startsWith("/..")) return mount.point;
  return path.startsWith(`${root}/`) ? mount.point + path.slice(root.length) : mount.point;
}

function parseMount(line: string): Mount[] {
  const [before = "", after = ""] = line.split(" - ");
  const [, , , root, point] = before.split(" ");
  const [type, , options] = after.split(" ");
  if (root === undefined || point === undefined || type === undefined) return [];
  return [{ root: decoded(root), point: decoded(point), type, options: (options ?? "").split(",") }];
}

function decoded(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
