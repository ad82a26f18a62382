import { isIdle } from "../idle-command.js";
import { DROP_PRIVILEGES } from "./enter.js";

/**
 * The first thing that runs inside, before any foreign process: makes the user's home its own, looks for the command, says that the
 * sandbox stands, waits until BLOCK_FD lets it go on, and closes the descriptors. `$1` is the owner of `/home/user` or empty, `$2` the
 * descriptors to close, `$3` the program that must be there. stdin stays: the loop reads it.
 */
const INIT = `if [ -n "$1" ]; then chown "$1" /home/user || exit 1; fi
descriptors=$2
if ! command -v -- "$3" >/dev/null; then
  printf 'exec: "%s": executable file not found in $PATH\\n' "$3" >&2
  exit 127
fi
shift 3
printf ready
read -r _ <&4
exec >/dev/null 2>&1
for fd in $descriptors; do eval "exec $fd>&-"; done
exec "$@"`;

/**
 * Reaps orphans and, being PID 1, is immune to \`kill -9 -1\` by root inside. Its stdin is a pipe that it holds open for writing too, so
 * that the read never ends; a \`sleep\` could be killed, and no new one forked while a fork bomb runs.
 */
const LOOP = "while :; do read -rn 1 _; done";

/** What PID 1 prints once the sandbox stands. */
export const READY = "ready";

/**
 * What bubblewrap is to run as PID 1 for a task's command. A command that only waits becomes our own loop, without any capability; any
 * other runs with those of an exec.
 */
export function pidOne(
  command: readonly string[],
  options: {
    readonly owner: string | undefined;
    readonly descriptors: readonly number[];
    readonly limits: readonly string[];
  },
): readonly string[] {
  const main = isIdle(command)
    ? ["/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all", "--", "/bin/bash", "--norc", "-c", LOOP]
    : ["/bin/sh", "-c", 'exec "$@" </dev/null', "sh", ...options.limits, ...DROP_PRIVILEGES, ...command];
  const program = isIdle(command) ? "bash" : (command[0] ?? "");
  return ["/bin/sh", "-c", INIT, "sh", options.owner ?? "", options.descriptors.join(" "), program, ...main];
}
