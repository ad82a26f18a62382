import { type ChildProcess, spawn } from "node:child_process";
import type { Writable } from "node:stream";
import { LAUNCHER_ENVIRONMENT } from "../environment.js";
import { launchCommand } from "../launch.js";

/**
 * Reads what to clear away, one task a line (`+` or `-`, user id or `-`, folder), until its input ends; then kills the processes of the
 * tasks that are left and removes their folders and \`$1\`. Without a user id of its own a task's processes are known by TMPDIR.
 */
const GUARD = `declare -A ids
while read -r sign id folder; do
  if [[ $sign == + ]]; then ids[$folder]=$id; else unset "ids[$folder]"; fi
done
for _ in 1 2 3 4 5; do
  for folder in "\${!ids[@]}"; do
    id=\${ids[$folder]}
    if [[ $id == - ]]; then
      while read -r file; do
        pid=\${file#/proc/}
        kill -9 "\${pid%/environ}"
      done < <(grep -lsxzF "TMPDIR=$folder/tmp" /proc/[0-9]*/environ)
    else
      setpriv --reuid="$id" --regid="$id" --clear-groups -- /bin/bash --norc -c 'kill -9 -1'
      find /tmp /var/tmp /dev/shm -maxdepth 1 -uid "$id" -exec rm -rf -- {} +
    fi
  done
  sleep 0.05
done 2>/dev/null
rm -rf -- "$1"`;

/** Clears away the tasks' processes and folders when this process ends, however it does: nothing else would after a SIGKILL. */
export class ProcessGuard {
  readonly #child: ChildProcess;
  readonly #input: Writable;
  readonly #ended: Promise<void>;

  /** `folder`: holds the tasks' folders and is removed at the end. */
  constructor(folder: string) {
    const [program, ...flags] = launchCommand(["/bin/bash", "--norc", "-c", GUARD, "bash", folder]);
    this.#child = spawn(program, flags, {
      cwd: "/",
      env: { ...LAUNCHER_ENVIRONMENT },
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    this.#child.unref();
    this.#input = this.#child.stdin as Writable;
    this.#input.on("error", () => undefined);
    this.#ended = new Promise((resolve) => {
      this.#child.once("exit", () => resolve());
      this.#child.once("error", () => resolve());
    });
  }

  add(task: { readonly id: number | undefined; readonly folder: string }): void {
    this.#input.write(`+ ${task.id ?? "-"} ${task.folder}\n`);
  }

  remove(task: { readonly id: number | undefined; readonly folder: string }): void {
    this.#input.write(`- ${task.id ?? "-"} ${task.folder}\n`);
  }

  /** Ends the guard, which clears away what is left. */
  async close(): Promise<void> {
    this.#child.ref();
    this.#input.end();
    await this.#ended;
  }
}
