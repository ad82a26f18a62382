import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What execution.md says a runner's image has, and nothing else. */
const imageTools = ["bash", "cat", "env", "ls", "mkfifo", "rm", "sleep", "tar", "true", "whoami"];

const setuser = `#!/bin/bash
user=$1; shift
export HOME=/home/$user USER=$user
exec /opt/tools/setpriv --reuid "$user" --regid "$user" --init-groups -- "$@"
`;

/** Why tests inside a sandbox cannot run here, or undefined. */
export const sandboxMissing: string | undefined = (() => {
  if (process.getuid?.() !== 0) return "two users need root";
  const probe = spawnSync("bwrap", ["--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc", "true"]);
  return probe.status === 0 ? undefined : "bwrap does not work here";
})();

/** A container-like place with root and a user, in which commands can be run from outside. */
export class Sandbox {
  readonly #keeper: ChildProcess;
  readonly #directory: string;
  readonly #pid: number;

  private constructor(keeper: ChildProcess, directory: string, pid: number) {
    this.#keeper = keeper;
    this.#directory = directory;
    this.#pid = pid;
  }

  /**
   * `tools`: what the image has beside what every image has, `without`: what it lacks; `scripts`: programs by name that stand in the place
   * of its own.
   */
  static async start(
    options: {
      readonly readOnlyTmp?: boolean;
      readonly tools?: readonly string[];
      readonly without?: readonly string[];
      readonly scripts?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<Sandbox> {
    const directory = mkdtempSync(join(tmpdir(), "shell-test-"));
    const file = (name: string, text: string) => {
      writeFileSync(join(directory, name), text, { mode: 0o755 });
      return join(directory, name);
    };
    const names = [...imageTools, ...(options.tools ?? [])].filter(
      (tool) => !options.without?.includes(tool),
    );
    const tools = names.flatMap((tool) => {
      const script = options.scripts?.[tool];
      const source = script === undefined ? `/usr/bin/${tool}` : file(tool, script);
      return ["--ro-bind", source, `/usr/bin/${tool}`];
    });
    const temporary = options.readOnlyTmp
      ? ["--dir", "/tmp", "--remount-ro", "/"]
      : ["--perms", "1777", "--tmpfs", "/tmp"];
    const place = (path: string, mode = "0755") => ["--perms", mode, "--dir", path];
    const keeper = spawn(
      "bwrap",
      [
        ...["--unshare-pid", "--unshare-ipc", "--die-with-parent", "--as-pid-1", "--info-fd", "3"],
        ...place("/usr").concat(
          place("/usr/bin"),
          place("/sbin"),
          place("/etc"),
          place("/opt"),
          place("/home"),
        ),
        ...["--ro-bind", "/usr/lib", "/usr/lib", "--symlink", "usr/lib", "/lib"],
        ...["--ro-bind-try", "/usr/lib64", "/usr/lib64", "--symlink", "usr/lib64", "/lib64"],
        ...tools,
        ...["--symlink", "usr/bin", "/bin", "--ro-bind", "/usr/bin", "/opt/tools"],
        ...["--ro-bind", file("setuser", setuser), "/sbin/setuser"],
        ...[
          "--ro-bind",
          file("passwd", passwd),
          "/etc/passwd",
          "--ro-bind",
          file("group", group),
          "/etc/group",
        ],
        ...["--proc", "/proc", "--dev", "/dev"],
        ...["--perms", "0755", "--tmpfs", "/workspace", "--perms", "0755", "--tmpfs", "/home/user"],
        ...(options.readOnlyTmp ? ["--perms", "0555", "--tmpfs", "/dev/shm"] : []),
        ...temporary,
        ...["--", "/usr/bin/bash", "-c", "while :; do sleep 1000 & wait; done"],
      ],
      { stdio: ["ignore", "ignore", "inherit", "pipe"], env: {} },
    );
    const info = keeper.stdio[3];
    if (info === null || info === undefined || !("on" in info)) throw new Error("no descriptor 3");
    let text = "";
    for await (const chunk of info as AsyncIterable<Buffer>) {
      text += chunk.toString();
      if (text.includes("}")) break;
    }
    const pid = (JSON.parse(text) as { "child-pid": number })["child-pid"];
    const sandbox = new Sandbox(keeper, directory, pid);
    await sandbox.#settled();
    sandbox.root("/opt/tools/chown user:user /workspace /home/user");
    return sandbox;
  }

  /** The argument list that runs `command` inside. */
  enter(command: readonly string[], variables: readonly string[] = []): string[] {
    return [
      ...["nsenter", "-t", String(this.#pid), "-m", "-p", "-i", "--"],
      ...["/opt/tools/env", "-i", "-C", "/workspace", "PATH=/usr/bin:/bin", "HOME=/root"],
      ...["NOMAD_ALLOC_ID=1", "NOMAD_ADDR_a-b=2", ...variables, ...command],
    ];
  }

  /** Runs a shell line as root and returns what it printed. */
  root(line: string): string {
    const [command = "", ...parameters] = this.enter(["/bin/bash", "--norc", "-c", line]);
    const result = spawnSync(command, parameters, { encoding: "utf8" });
    if (result.status !== 0) throw new Error(`${line}: ${result.stderr}`);
    return result.stdout;
  }

  async stop(): Promise<void> {
    this.#keeper.kill("SIGKILL");
    if (this.#keeper.exitCode === null && this.#keeper.signalCode === null) await once(this.#keeper, "exit");
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** bwrap tells its child's pid before that has its root directory. */
  async #settled(): Promise<void> {
    for (let tries = 0; tries < 500; tries++) {
      const [command = "", ...parameters] = this.enter(["/opt/tools/test", "-e", "/sbin/setuser"]);
      if (spawnSync(command, parameters).status === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error("the sandbox did not start");
  }
}

const passwd = "root:x:0:0:root:/root:/bin/bash\nuser:x:1000:1000::/home/user:/bin/bash\n";
const group = "root:x:0:\nuser:x:1000:\n";
