import { INNER_CAPABILITIES } from "./enter.js";
import type { SandboxFile } from "./files.js";

/** The descriptors on which bubblewrap says the id of PID 1 and waits for its id maps; files follow from FIRST_FILE_FD on. */
export const INFO_FD = 3;
export const BLOCK_FD = 4;
export const FIRST_FILE_FD = 5;

/** What of the machine's `/etc` a sandbox sees, read-only, where it is there. */
const ETC = [
  "alternatives",
  "ld.so.cache",
  "ssl/certs",
  "ssl/openssl.cnf",
  "localtime",
  "services",
  "protocols",
];

/** Parents that bubblewrap makes by itself get mode 0700, so each is named. */
const FOLDERS = ["/etc", "/etc/ssl", "/sbin", "/var", "/var/tmp", "/run", "/mnt", "/opt", "/srv"];

/** A name in the machine's root that is a link into `/usr` (`target`), or a folder of its own. */
export interface RootEntry {
  readonly path: string;
  readonly target: string | undefined;
}

/** Sizes in bytes of a sandbox's writable places; together half of the memory limit, since a tmpfs counts as memory. */
export function tmpfsSizes(
  memoryBytes: number,
): Readonly<Record<"/tmp" | "/workspace" | "/home" | "/root" | "/dev/shm", number>> {
  const share = (parts: number) => Math.max(64 * 1024, Math.floor((memoryBytes * parts) / 32));
  return {
    "/tmp": share(5),
    "/workspace": share(7),
    "/home": share(2),
    "/root": share(1),
    "/dev/shm": share(1),
  };
}

/** bubblewrap's arguments; `command` becomes PID 1. */
export function bubblewrapArguments(options: {
  readonly hostname: string;
  readonly network: boolean;
  readonly memoryBytes: number;
  /** Wait on BLOCK_FD until the id maps are written; otherwise one id is mapped by bubblewrap itself. */
  readonly mappedIds: boolean;
  readonly rootEntries: readonly RootEntry[];
  readonly files: readonly SandboxFile[];
  readonly command: readonly string[];
}): readonly string[] {
  const sizes = tmpfsSizes(options.memoryBytes);
  const tmpfs = (path: keyof typeof sizes, mode: string) => [
    "--perms",
    mode,
    "--size",
    String(sizes[path]),
    "--tmpfs",
    path,
  ];
  const unshared = ["user", "pid", "ipc", "uts", "cgroup-try", ...(options.network ? [] : ["net"])];
  const etc = options.network ? [...ETC, "resolv.conf"] : ETC;
  return [
    ...unshared.map((namespace) => `--unshare-${namespace}`),
    "--die-with-parent",
    "--new-session",
    "--hostname",
    options.hostname,
    "--ro-bind",
    "/usr",
    "/usr",
    ...options.rootEntries.flatMap(({ path, target }) =>
      target === undefined ? ["--ro-bind", path, path] : ["--symlink", target, path],
    ),
    ...FOLDERS.flatMap((path) => ["--perms", "0755", "--dir", path]),
    ...etc.flatMap((name) => ["--ro-bind-try", `/etc/${name}`, `/etc/${name}`]),
    ...options.files.flatMap(({ path, mode }, index) => [
      "--perms",
      mode,
      "--file",
      String(FIRST_FILE_FD + index),
      path,
    ]),
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    ...tmpfs("/dev/shm", "1777"),
    "--remount-ro",
    "/dev",
    ...tmpfs("/tmp", "1777"),
    ...tmpfs("/workspace", "1777"),
    ...tmpfs("/home", "0755"),
    "--perms",
    "0755",
    "--dir",
    "/home/user",
    ...tmpfs("/root", "0700"),
    "--remount-ro",
    "/",
    "--chdir",
    "/workspace",
    "--cap-drop",
    "ALL",
    ...INNER_CAPABILITIES.flatMap((name) => ["--cap-add", name]),
    "--info-fd",
    String(INFO_FD),
    ...(options.mappedIds ? ["--userns-block-fd", String(BLOCK_FD)] : []),
    "--uid",
    "0",
    "--gid",
    "0",
    "--as-pid-1",
    "--",
    ...options.command,
  ];
}
