import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { enterCommand } from "../../../../../src/agent/executors/sandbox/enter.js";
import { sandboxFiles } from "../../../../../src/agent/executors/sandbox/files.js";
import { bubblewrapArguments, tmpfsSizes } from "../../../../../src/agent/executors/sandbox/flags.js";
import { nextMapping, subordinateRange } from "../../../../../src/agent/executors/sandbox/ids.js";
import { parentOf } from "../../../../../src/agent/executors/sandbox/kill.js";
import { sandboxNotices } from "../../../../../src/agent/executors/sandbox/notices.js";
import { childPid } from "../../../../../src/agent/executors/sandbox/spawn.js";

const FLAGS = {
  hostname: "h",
  network: false,
  memoryBytes: 2 ** 28,
  mappedIds: true,
  rootEntries: [],
  files: sandboxFiles({ twoUsers: true }),
  command: ["true"],
};

describe("a sandbox's parts", () => {
  it("keeps its file systems below half of the memory, from 4 MB on", () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 1_000_000 }), (megabytes) => {
        const sizes = Object.values(tmpfsSizes(megabytes * 2 ** 20));
        return (
          sizes.reduce((sum, size) => sum + size, 0) <= megabytes * 2 ** 19 &&
          sizes.every((size) => size >= 65536)
        );
      }),
    );
  });

  it("unshares the network unless a task has it", () => {
    expect(bubblewrapArguments(FLAGS)).toContain("--unshare-net");
    expect(bubblewrapArguments(FLAGS)).not.toContain("/etc/resolv.conf");
    expect(bubblewrapArguments({ ...FLAGS, network: true })).not.toContain("--unshare-net");
    expect(bubblewrapArguments({ ...FLAGS, network: true })).toContain("/etc/resolv.conf");
  });

  it("waits for id maps only where they are written", () => {
    expect(bubblewrapArguments(FLAGS)).toContain("--userns-block-fd");
    expect(bubblewrapArguments({ ...FLAGS, mappedIds: false })).not.toContain("--userns-block-fd");
  });

  it("enters as root inside where there are ids for it", () => {
    const options = { namespaces: [["mnt", "/proc/1/fd/2"]] as const, environment: [], limits: [] };
    const single = enterCommand(["true"], { ...options, ids: { kind: "single" } });
    expect(single).toContain("--preserve-credentials");
    expect(single).toContain("--mount=/proc/1/fd/2");
    expect(enterCommand(["true"], { ...options, ids: { kind: "range", base: 1 } })).toContain("-S");
  });

  it("finds subordinate ids by name or number, and only enough of them", () => {
    const user = { name: "me", id: 1000 };
    expect(subordinateRange("you:1:65536\nme:231072:65536\n", user)).toBe(231_072);
    expect(subordinateRange("1000:231072:65535\n", user)).toBe(231_072);
    expect(subordinateRange("me:231072:100\n", user)).toBeUndefined();
    expect(subordinateRange("", user)).toBeUndefined();
  });

  it("gives each sandbox another range of ids, inside what is free for them", () => {
    let ids = nextMapping({ kind: "range", base: 0x7ffe0000 });
    expect(ids).toEqual({ kind: "range", base: 0x70000000 });
    ids = nextMapping(ids);
    expect(ids).toEqual({ kind: "range", base: 0x70010000 });
    expect(nextMapping({ kind: "single" })).toEqual({ kind: "single" });
  });

  it("reads ids out of what bubblewrap and the kernel say", () => {
    expect(childPid('{\n    "child-pid": 4711,\n    "mnt-namespace": 1\n}')).toBe(4711);
    expect(() => childPid("{}")).toThrow();
    fc.assert(
      fc.property(
        fc.string(),
        fc.nat(),
        (name, parent) => parentOf(`1 (${name}) S ${parent} 1 1 0`) === parent,
      ),
    );
  });

  it("has no second user where there is one id", () => {
    const passwd = sandboxFiles({ twoUsers: false }).find(({ path }) => path === "/etc/passwd")?.content;
    expect(passwd).not.toContain("user:x");
    expect(sandboxNotices({ ids: "single", cgroups: undefined }).join()).toMatch(
      /Not for strangers.*Control groups/,
    );
    expect(sandboxNotices({ ids: "range", cgroups: { hasCpu: false } }).join()).toMatch(
      /no processor controller/,
    );
  });
});
