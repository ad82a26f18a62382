/** How ids inside a sandbox relate to the machine's. */
export type IdMapping =
  /** Started by root: 65536 ids from `base` on, another range for each sandbox. */
  | { readonly kind: "range"; readonly base: number }
  /** Started by a user who has subordinate ids (`/etc/subuid`): root inside is that user. */
  | {
      readonly kind: "subordinate";
      readonly uids: number;
      readonly gids: number;
      readonly uid: number;
      readonly gid: number;
    }
  /** One id only: no second user inside. */
  | { readonly kind: "single" };

/** What root inside keeps: enough for files, users and signals, nothing that reaches mounts, devices or the network. */
const CAPABILITIES =
  "+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+sys_chroot";

/** `setpriv` with the capabilities of root inside. */
export const DROP_PRIVILEGES: readonly string[] = [
  "/usr/bin/setpriv",
  `--bounding-set=-all,${CAPABILITIES}`,
  "--inh-caps=-all",
  "--no-new-privs",
  "--",
];

/** The capabilities of DROP_PRIVILEGES in bubblewrap's spelling. */
export const INNER_CAPABILITIES: readonly string[] = CAPABILITIES.split(",").map(
  (name) => `CAP_${name.slice(1).toUpperCase()}`,
);

/** Namespaces in nsenter's option names; `net` only where the sandbox has one of its own. */
export type Namespace = "user" | "mnt" | "pid" | "ipc" | "uts" | "net";

const OPTIONS: Readonly<Record<Namespace, string>> = {
  user: "--user",
  mnt: "--mount",
  pid: "--pid",
  ipc: "--ipc",
  uts: "--uts",
  net: "--net",
};

/**
 * Waits for the command in nsenter's place, which would stop itself together with a command that is stopped, go on only when told to
 * from outside, and so keep a sandbox from ending. The shell's own words ("Killed") go nowhere.
 */
const WAIT = 'exec 3>&2 2>/dev/null; "$@" 2>&3 3>&-; exit $?';

/**
 * The argument list that runs `command` inside a sandbox, in `/workspace`, with exactly `environment` (`NAME=VALUE` each) and few
 * privileges. The working directory is set by `env`: nsenter's `--wd` is resolved outside.
 */
export function enterCommand(
  command: readonly string[],
  options: {
    /** Paths of open namespace files; a process id could have been given to another process meanwhile. */
    readonly namespaces: readonly (readonly [Namespace, string])[];
    readonly ids: IdMapping;
    readonly environment: readonly string[];
    /** A command that sets limits before it runs what follows; empty for none. */
    readonly limits: readonly string[];
  },
): readonly string[] {
  return [
    "nsenter",
    ...options.namespaces.map(([namespace, path]) => `${OPTIONS[namespace]}=${path}`),
    ...(options.ids.kind === "single" ? ["--preserve-credentials"] : ["-S", "0", "-G", "0"]),
    "--no-fork",
    "--",
    "/bin/sh",
    "-c",
    WAIT,
    "sh",
    "/usr/bin/env",
    "-i",
    "-C",
    "/workspace",
    ...options.environment,
    ...options.limits,
    ...DROP_PRIVILEGES,
    ...command,
  ];
}
