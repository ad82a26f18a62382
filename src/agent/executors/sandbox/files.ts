import { closeSync, constants, openSync } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SETUSER, SETUSER_SINGLE } from "./setuser.js";

/** A file of ours that every sandbox gets a copy of. */
export interface SandboxFile {
  /** An absolute path inside. */
  readonly path: string;
  /** Octal, as bubblewrap takes it. */
  readonly mode: string;
  readonly content: string;
}

/** The files of ours in a sandbox's `/etc` and `/sbin`. */
export function sandboxFiles(options: { readonly twoUsers: boolean }): readonly SandboxFile[] {
  const user = options.twoUsers ? "user:x:1000:1000::/home/user:/bin/bash\n" : "";
  const group = options.twoUsers ? "user:x:1000:\n" : "";
  const text = (path: string, content: string): SandboxFile => ({ path, mode: "0644", content });
  return [
    text(
      "/etc/passwd",
      `root:x:0:0:root:/root:/bin/bash\n${user}nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
    ),
    text("/etc/group", `root:x:0:\ntty:x:5:\n${group}nogroup:x:65534:\n`),
    text("/etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost\n"),
    text("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
    {
      path: "/sbin/setuser",
      mode: "0755",
      content: options.twoUsers ? SETUSER : SETUSER_SINGLE,
    },
  ];
}

/**
 * Files without a name: bubblewrap reads them from descriptors, so that they need not be readable for the ids of a sandbox and nothing
 * is left behind whatever ends this process.
 */
export class NamelessFiles {
  readonly #fds: readonly number[];

  private constructor(fds: readonly number[]) {
    this.#fds = fds;
  }

  /** Writes `contents`, each into a file of its own. */
  static async create(contents: readonly string[]): Promise<NamelessFiles> {
    const folder = await mkdtemp(join(tmpdir(), "poseidon-"));
    try {
      const fds: number[] = [];
      for (const [index, content] of contents.entries()) {
        const path = join(folder, String(index));
        const file = await open(path, "w", 0o600);
        await file.writeFile(content);
        await file.close();
        fds.push(openSync(path, constants.O_RDONLY));
      }
      return new NamelessFiles(fds);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Opens each file anew, at its beginning; the caller closes the descriptors. */
  open(): readonly number[] {
    return this.#fds.map((fd) => openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY));
  }

  close(): void {
    for (const fd of this.#fds) closeSync(fd);
  }
}
