import { readdirSync, readFileSync } from "node:fs";

/**
 * What runs between this process and a command's own launcher: no core files, no descriptors that were inherited, and into the
 * cgroups before the first fork. `$1` says which descriptors to close, `$2` how many entry files of cgroups follow.
 */
const LAUNCH = `ulimit -c 0
for fd in $1; do eval "exec $fd>&-"; done
files=$2
shift 2
while [ "$files" -gt 0 ]; do
  echo 0 >"$1" || exit 125
  shift
  files=$((files - 1))
done
exec "$@"`;

const O_CLOEXEC = 0o2000000;

let inherited: readonly number[] | undefined;

/** An argument list that starts `command` in the cgroups of `entryFiles` (see TaskCgroup), with no descriptors but the standard ones and `keep`. */
export function launchCommand(
  command: readonly string[],
  options: { readonly entryFiles?: readonly string[]; readonly keep?: readonly number[] } = {},
): readonly [string, ...string[]] {
  inherited ??= inheritedDescriptors();
  const close = inherited.filter((fd) => !options.keep?.includes(fd));
  const files = options.entryFiles ?? [];
  // dash closes only descriptors of one digit
  const shell = close.some((fd) => fd > 9) ? ["/bin/bash", "--norc"] : ["/bin/sh"];
  const [program = "", ...flags] = shell;
  return [program, ...flags, "-c", LAUNCH, "sh", close.join(" "), String(files.length), ...files, ...command];
}

/** The `flags:` line of a `/proc/PID/fdinfo` file says whether the descriptor survives an exec. */
export function survivesExec(fdinfo: string): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(fdinfo)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0;
}

/** Descriptors that this process was started with and that its children would get. Node opens its own with close-on-exec. */
function inheritedDescriptors(): readonly number[] {
  const found: number[] = [];
  for (const name of readdirSync("/proc/self/fdinfo")) {
    const fd = Number(name);
    if (fd <= 2) continue;
    try {
      if (survivesExec(readFileSync(`/proc/self/fdinfo/${name}`, "latin1"))) found.push(fd);
    } catch {
      // closed since the listing
    }
  }
  return found;
}
