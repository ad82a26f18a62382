import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RunningTask } from "../../../../../src/agent/executor.js";
import { SandboxExecutor } from "../../../../../src/agent/executors/sandbox/executor.js";
import { probeSandbox } from "../../../../../src/agent/executors/sandbox/probe.js";
import { bash, run, taskSpec } from "../collect.js";
import { describesCommands } from "../executor-suite.js";

const probe = await probeSandbox();
const { executor } = probe;
if (executor === undefined) console.warn(`tests of the sandbox are skipped: ${probe.reason}`);
const twoUsers = executor?.notices.every((notice) => !notice.includes("one user id")) ?? false;
if (executor !== undefined && !twoUsers) console.warn("tests of two users are skipped: one user id only");
const cgroups = executor?.notices.every((notice) => !notice.includes("Control groups")) ?? false;
if (executor !== undefined && !cgroups) console.warn("tests of memory limits are skipped: no control groups");

afterAll(() => executor?.close());

describe.skipIf(executor === undefined)("the sandbox executor", () => {
  let task: RunningTask;
  const start = (changes: Parameters<typeof taskSpec>[0] = {}) =>
    (executor as SandboxExecutor).start(taskSpec(changes));
  beforeAll(() => expect(executor).toBeInstanceOf(SandboxExecutor));
  beforeEach(async () => {
    task = await start();
  });
  afterEach(() => task.stop());

  describesCommands(() => task);

  it("gives exactly Docker's environment and the task's", async () => {
    const common = ["HOME=/root", "HOSTNAME=0a1b2c3d-4e5", "NOMAD_ALLOC_ID=an id"];
    const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const lines = (text: string) => text.trim().split(/\r?\n/).sort();
    expect(lines((await run(task, ["env"])).stdout)).toEqual([...common, path]);
    expect(lines((await run(task, ["env"], { tty: true })).stdout)).toEqual([...common, path, "TERM=xterm"]);
    expect((await run(task, ["hostname"])).stdout).toBe("0a1b2c3d-4e5\n");
  });

  it("starts in a writable /workspace, as root", async () => {
    expect(
      (await run(task, bash("pwd; whoami; touch /workspace/a /tmp/a /root/a /dev/shm/a && echo done")))
        .stdout,
    ).toBe("/workspace\nroot\ndone\n");
  });

  it("shows the machine's programs read-only, and nothing else of it", async () => {
    const text =
      "touch /usr/x || mount -t tmpfs none /mnt || mknod /tmp/d b 8 0 || hostname x || chroot /proc/1/root touch /dev/x";
    expect(await run(task, bash(text))).toMatchObject({ code: 1, stdout: "" });
    expect(
      (
        await run(
          task,
          bash(
            "ls -A /mnt /opt /srv | grep -v '^/'; ls -d /work /etc/shadow /boot 2>&1 | grep -vc 'No such file'",
          ),
        )
      ).stdout,
    ).toMatch(/^\s*0\n$/);
    expect((await run(task, bash("ls /proc | grep -c '^[0-9]'"))).stdout.trim()).toMatch(/^[1-5]$/);
    expect((await run(task, bash("cat /proc/net/dev | grep -c :"))).stdout).toBe("1\n");
  });

  it("outlives kill -9 -1 by root inside, and reaps orphans", async () => {
    await run(task, bash("sleep 600 & sleep 600 & kill -9 -1"));
    await run(task, bash("(sleep 0 &); until ! ps -eo stat | grep -q Z; do sleep 0.01; done"));
    expect((await run(task, bash("echo alive"))).stdout).toBe("alive\n");
  });

  it("keeps two tasks apart", async () => {
    const other = await start();
    try {
      await run(task, bash("touch /tmp/mine /dev/shm/mine"));
      expect((await run(other, bash("ls /tmp /dev/shm; ps -e | grep -c sleep"))).stdout).not.toContain(
        "mine",
      );
    } finally {
      await other.stop();
    }
  });

  it.skipIf(!twoUsers)("has two users, one of whom cannot reach the other", async () => {
    await run(
      task,
      bash(
        "echo 1 >/workspace/r; chmod 744 /workspace/r; mkfifo -m 600 /tmp/f; sleep 600 >/dev/null 2>&1 & echo $! >/tmp/pid",
      ),
    );
    const text = [
      "whoami; touch ~user/x /workspace/u && echo wrote",
      "rm -f /workspace/r; mv /workspace/r /workspace/q; chmod 777 /workspace/r; echo >>/workspace/r",
      ": <>/tmp/f; kill $(cat /tmp/pid); cat /proc/$(cat /tmp/pid)/environ; setpriv --reuid 0 id; true",
    ].join(";");
    const { stdout } = await run(task, ["/sbin/setuser", "user", ...bash(`exec 2>/dev/null; ${text}`)]);
    expect(stdout).toBe("user\nwrote\n");
    expect(
      (await run(task, bash("stat -c '%a %U' /workspace/r; kill -0 $(cat /tmp/pid) && echo alive"))).stdout,
    ).toBe("744 root\nalive\n");
  });

  it("ends with its own command", async () => {
    const ended = await start({ command: ["bash", "-c", "read -r _; exit 3"] });
    expect(await ended.exited).toEqual({ exitCode: 3, signal: 0, oomKilled: false });
    await ended.stop();
    expect(await (await start({ command: ["true"] })).exited).toMatchObject({ exitCode: 0 });
    await expect(start({ command: ["no-such-program"] })).rejects.toThrow(
      'exec: "no-such-program": executable file',
    );
  });

  it("runs in 4 MB", async () => {
    const small = await start({ memory: 4 });
    try {
      expect((await run(small, ["/sbin/setuser", "user", ...bash("echo small")])).stdout).toBe("small\n");
      expect((await run(small, ["echo", "small"], { tty: true })).stdout).toBe("small\r\n");
      expect((await run(small, bash("head -c 8000000 /dev/zero >/tmp/x || echo full"))).stdout).toBe(
        "full\n",
      );
    } finally {
      await small.stop();
    }
  });

  it.skipIf(!cgroups)("kills a command that takes too much memory, and lives", async () => {
    expect((await run(task, ["tail", "/dev/zero"])).code).toBe(137);
    expect((await run(task, bash("tail /dev/zero; echo $?"))).stdout).toBe("137\n");
  });

  it.skipIf(!cgroups)("says when its own command was killed for its memory", async () => {
    const eater = await start({
      memory: 32,
      command: ["bash", "-c", "until [ -e /tmp/eat ]; do sleep 0.01; done; exec tail /dev/zero"],
    });
    const process = await eater.exec({ command: ["touch", "/tmp/eat"], tty: false });
    await process.exited;
    expect(await eater.exited).toEqual({ exitCode: 137, signal: 0, oomKilled: true });
    await eater.stop();
  });

  it("holds a fork bomb, and can be stopped", { timeout: 60_000 }, async () => {
    const process = await task.exec({ command: bash("b() { b | b & }; b; wait"), tty: false });
    process.detach();
    await new Promise((resolve) => setTimeout(resolve, 500)); // it should have its time
    await task.stop();
    expect((await task.exited).exitCode).toBe(137);
  });
});
