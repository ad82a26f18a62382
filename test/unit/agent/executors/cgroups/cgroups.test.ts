import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { cgroupFolders } from "../../../../../src/agent/executors/cgroups/folders.js";
import { openCgroups } from "../../../../../src/agent/executors/cgroups/open.js";
import { cgroupSettings } from "../../../../../src/agent/executors/cgroups/settings.js";
import { oomKillsIn } from "../../../../../src/agent/executors/cgroups/task-cgroup.js";

const LIMITS = { memoryBytes: 2 ** 26, pids: 64, cpu: 500 };

describe("control groups", () => {
  const made: string[] = [];
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), "cgroups-test-"));
    made.push(path);
    return path;
  };
  afterEach(() => {
    for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
  });

  it("finds the folders of both versions", () => {
    const mounts = [
      "30 25 0:26 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory",
      "31 25 0:27 /docker/abc /sys/fs/cg\\040roup/cpu rw - cgroup cgroup rw,cpu,cpuacct",
      "32 25 0:28 / /sys/fs/cgroup/unified rw shared:1 - cgroup2 cgroup2 rw",
    ].join("\n");
    const own = "9:memory:/a/b\n8:cpu,cpuacct:/docker/abc/d\n7:pids:/\n1:name=systemd:/\n0::/x\n";
    expect(cgroupFolders(own, mounts)).toEqual({
      controllers: new Map([
        ["memory", "/sys/fs/cgroup/memory/a/b"],
        ["cpu", "/sys/fs/cg roup/cpu/d"],
        ["cpuacct", "/sys/fs/cg roup/cpu/d"],
      ]),
      unified: { own: "/sys/fs/cgroup/unified/x", top: "/sys/fs/cgroup/unified" },
    });
    expect(cgroupFolders("0::/../other\n", mounts).unified?.own).toBe("/sys/fs/cgroup/unified");
    expect(cgroupFolders("", "")).toEqual({ controllers: new Map(), unified: undefined });
  });

  it("sets shares within the kernel's bounds", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (cpu) => {
        const value = (version: 1 | 2) =>
          Number(
            cgroupSettings(version, { ...LIMITS, cpu }).find(({ controller }) => controller === "cpu")?.value,
          );
        return value(1) >= 2 && value(1) <= 262_144 && value(2) >= 1 && value(2) <= 10_000;
      }),
    );
  });

  it("counts kills for memory", () => {
    expect(oomKillsIn("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")).toBe(2);
    expect(oomKillsIn("low 0\noom 4\noom_kill 3\noom_group_kill 1\n")).toBe(3);
    expect(oomKillsIn("")).toBe(0);
  });

  it("sets a task's limits in version 2, and enables the controllers on the way", async () => {
    const own = folder();
    writeFileSync(join(own, "cgroup.subtree_control"), "pids");
    // A plain folder lacks the files that the kernel would make, so the place below cannot be opened here.
    expect(openCgroups({ controllers: new Map(), unified: { own, top: own } })).toBeUndefined();
    expect(readFileSync(join(own, "cgroup.subtree_control"), "latin1")).toBe("+memory +cpu");
  });

  it("makes, limits and removes a task's groups in version 1", () => {
    const controllers = new Map(["memory", "pids", "cpu"].map((name) => [name, folder()]));
    const tree = openCgroups({ controllers, unified: undefined });
    expect(tree?.hasCpu).toBe(true);
    const group = tree?.create("1", LIMITS);
    expect(group?.entryFiles).toHaveLength(3);
    const limit = group?.entryFiles[0]?.replace(/tasks$/, "memory.limit_in_bytes") ?? "";
    expect(readFileSync(limit, "latin1")).toBe("67108864");
  });

  it("goes without where memory or processes cannot be limited", () => {
    expect(openCgroups({ controllers: new Map([["memory", folder()]]), unified: undefined })).toBeUndefined();
    const refused = new Map([
      ["memory", folder()],
      ["pids", "/proc/no"],
    ]);
    expect(openCgroups({ controllers: refused, unified: undefined })).toBeUndefined();
  });

  it("clears away what belongs to no living process", () => {
    const memory = folder();
    const dead = join(memory, "poseidon-1-1-1");
    const foreign = join(memory, "poseidon-other");
    for (const path of [dead, join(dead, "7"), foreign]) mkdirSync(path);
    openCgroups({
      controllers: new Map([
        ["memory", memory],
        ["pids", folder()],
      ]),
      unified: undefined,
    });
    expect([existsSync(dead), existsSync(foreign)]).toEqual([false, true]);
  });
});
