import { closeSync, openSync } from "node:fs";
import type { Namespace } from "./enter.js";

/**
 * A sandbox's namespaces, held open so that they can be entered without naming a process: an id could belong to another one by then.
 * They keep the sandbox's mounts alive until closed.
 */
export class Namespaces {
  /** Each with a path under which another process of ours can open it. */
  readonly paths: readonly (readonly [Namespace, string])[];
  readonly #fds: readonly number[];
  #closed = false;

  private constructor(names: readonly Namespace[], fds: readonly number[]) {
    this.#fds = fds;
    this.paths = names.map((name, index) => [name, `/proc/${process.pid}/fd/${fds[index]}`]);
  }

  /** Opens those of the process `pid`, which must not have been waited for. */
  static open(pid: number, options: { readonly network: boolean }): Namespaces {
    const names: Namespace[] = ["user", "mnt", "pid", "ipc", "uts"];
    if (!options.network) names.push("net");
    const fds: number[] = [];
    try {
      for (const name of names) fds.push(openSync(`/proc/${pid}/ns/${name}`, "r"));
      return new Namespaces(names, fds);
    } catch (error) {
      for (const fd of fds) closeSync(fd);
      throw error;
    }
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const fd of this.#fds) closeSync(fd);
  }
}
