import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunningTask } from "../../../../../src/agent/executor.js";
import { ProcessExecutor } from "../../../../../src/agent/executors/process/executor.js";
import { bash, run, taskSpec } from "../collect.js";
import { describesCommands } from "../executor-suite.js";

const isRoot = process.getuid?.() === 0;

describe("the process executor", () => {
  const executor = ProcessExecutor.create({ reason: "this is a test" });
  let task: RunningTask;
  beforeEach(async () => {
    task = await executor.start(taskSpec());
  });
  afterEach(() => task.stop());
  afterAll(() => executor.close());

  describesCommands(() => task);

  it("says loudly what it is and why", () => {
    expect(executor.notices[0]).toMatch(/^DANGER: .* Why: this is a test\./);
  });

  it.skipIf(!isRoot)("never runs as root, and every task has a user of its own", async () => {
    const other = await executor.start(taskSpec());
    try {
      const ids = await Promise.all(
        [task, other].map(async (each) => (await run(each, ["id", "-u"])).stdout),
      );
      expect(new Set([...ids, "0\n"]).size).toBe(3);
      const { stdout } = await run(task, bash("echo $TMPDIR; touch $TMPDIR/secret"));
      expect((await run(other, ["ls", stdout.trim()])).code).toBe(2);
      expect((await run(task, bash("grep Cap /proc/self/status | grep -vc 0000000000000000"))).stdout).toBe(
        "0\n",
      );
    } finally {
      await other.stop();
    }
  });

  it("starts in a private folder and removes it", async () => {
    const { stdout } = await run(task, bash("pwd; touch file; ls"));
    const [folder = "", ...names] = stdout.trim().split("\n");
    expect([existsSync(folder), names]).toEqual([true, ["file"]]);
    await task.stop();
    expect(existsSync(folder)).toBe(false);
  });

  it.skipIf(!isRoot)("works where TMPDIR is root's alone", async () => {
    const before = process.env["TMPDIR"];
    const folder = mkdtempSync(join(tmpdir(), "roots-"));
    process.env["TMPDIR"] = folder;
    try {
      const own = ProcessExecutor.create({ reason: undefined });
      const started = await own.start(taskSpec());
      const { stdout } = await run(started, ["/sbin/setuser", "user", "mktemp"]);
      expect(stdout).toMatch(/^\/tmp\//);
      await own.close();
    } finally {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
      rmSync(folder, { recursive: true });
    }
  });

  it.skipIf(!isRoot)("removes what a task left in the machine's /tmp", async () => {
    const { stdout } = await run(task, bash("mktemp -p /tmp; mkfifo /tmp/left-$$; echo /tmp/left-$$"));
    await task.stop();
    expect(
      stdout
        .trim()
        .split("\n")
        .filter((path) => existsSync(path)),
    ).toEqual([]);
  });

  it("leads every way of calling setuser to its own", async () => {
    const text =
      'set -- /sbin/setuser user; "$@" echo 1; x=/sbin; $x/setuser user echo 2; exec /sbin/setuser user echo 3';
    expect((await run(task, bash(text))).stdout).toBe("1\n2\n3\n");
    expect((await run(task, ["/sbin/setuser", "user", "echo", "4"])).stdout).toBe("4\n");
    expect((await run(task, bash("declare -F; env | grep -c BASH_ENV"))).stdout).toContain("0\n");
  });

  it("ends with its own command", async () => {
    const ended = await executor.start(taskSpec({ command: ["bash", "-c", "exit 3"] }));
    expect(await ended.exited).toEqual({ exitCode: 3, signal: 0, oomKilled: false });
    await ended.stop();
  });
});
