import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { CopyEntry, FileEntry } from "../../../../src/shell/runner-shell.js";
import { type Harness, paths, startHarness } from "../support/harness.js";
import { sandboxMissing } from "../support/sandbox.js";
import { isUtf8 } from "../support/text.js";

const file = (path: string, content = ""): CopyEntry => ({ path, content: Buffer.from(content) });

describe.skipIf(sandboxMissing !== undefined).each(paths)("files on the %s path", (path) => {
  let harness: Harness;
  const root = (line: string) => harness.sandbox.root(line);
  beforeAll(async () => {
    harness = await startHarness({ path });
  });
  beforeEach(async () => {
    root("/opt/tools/find /workspace -mindepth 1 -delete");
    await harness.ready();
  });
  afterAll(() => harness.sandbox.stop());

  async function list(
    path: string,
    options: { recursive?: boolean; privileged?: boolean } = {},
  ): Promise<FileEntry[]> {
    const entries: FileEntry[] = [];
    const request = { recursive: options.recursive ?? false, privileged: options.privileged ?? false };
    for await (const batch of await harness.shell.list(path, request)) entries.push(...batch);
    return entries;
  }
  const names = async (path: string, recursive = false) =>
    (await list(path, { recursive })).map(({ name }) => name);

  async function download(path: string, privileged = false): Promise<string> {
    const { size, body } = await harness.shell.download(path, { privileged });
    const parts: Buffer[] = [];
    for await (const part of body) parts.push(part as Buffer);
    const content = Buffer.concat(parts);
    expect(content.length).toBe(size);
    return content.toString();
  }
  const update = (copy: CopyEntry[], remove: string[] = []) => harness.shell.update({ remove, copy });
  const notFound = { code: "file-not-found" };

  describe("update", () => {
    it("writes files and directories of root, with their modes, from 1970", async () => {
      await update([file("made/", "ignored"), file("made/a", "x"), file("parent/b", "y")]);
      expect(root("ls -ld --time-style=+%s made made/a parent/b")).toMatch(
        /^drwxrwxrwt \d+ root root +\d+ 0 made\n-rwxr--r-- 1 root root +1 0 made\/a\n-rwxr--r-- 1 root root +1 0 parent\/b\n$/,
      );
      expect(root("/opt/tools/stat -c %a parent")).toBe("755\n");
      await update([], ["made", "parent"]);
    });

    it("replaces what is there, a link itself and a planted pipe too, and gives a directory mode and owner", async () => {
      root(
        'mkdir() { /opt/tools/mkdir "$@"; }; mkdir d; echo kept > d/in; echo t > target; /opt/tools/ln -s target l; mkfifo p',
      );
      await update([file("d/"), file("l", "new"), file("p", "new")]);
      expect(root("cat target d/in l p; [[ -L l || -p p ]] || echo replaced; /opt/tools/stat -c %a d")).toBe(
        "t\nkept\nnewnewreplaced\n1777\n",
      );
      await update([], ["d", "l", "p", "target"]);
    });

    it("fails with tar's words where a file cannot be, and writes the others", async () => {
      await update([file("full/in", "x")]);
      await expect(update([file("full", "x"), file("other", "y"), file("", "z")])).rejects.toMatchObject({
        code: "copy-failed",
        message: expect.stringMatching(
          /^file copy failed: stderr output 'tar: full: Cannot open: .*\ntar: \.: Cannot open: (?:.|\n)*' and stdout output ''$/,
        ),
      });
      expect(await download("other", true)).toBe("y");
      await update([], ["full", "other"]);
    });

    it("deletes first, literally but for ./*, and never fails", async () => {
      await update([file("x y"), file("*"), file("-rf"), file("a/b"), file(".dot"), file("z")]);
      await update([file("z", "new")], ["x y", "nothing", "*", "/proc/1/comm", "a/../a", "-rf", "z", ""]);
      expect(root("ls -A")).toBe(".dot\nz\n");
      await update([], ["./*"]);
      expect(root("ls -A")).toBe(".dot\n");
      await update([], [".dot"]);
    });

    it("does nothing, without a session, for an empty change", async () => {
      harness.opener.opened.length = 0;
      await update([]);
      expect(harness.opener.opened).toHaveLength(0);
    });

    it("removes more than an argument list can hold", async () => {
      root(
        "for ((i = 0; i < 12000; i++)); do : > many_$i; done; for ((i = 0; i < 2000; i++)); do : > $(printf %0200d $i); done",
      );
      await update([], ["./*"]);
      expect(root("ls -A")).toBe("");
    });

    it("sends much content without a gap, however it is cut", async () => {
      const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 31) % 251));
      await update([{ path: "big", content }, file("after", "z")]);
      const { body, size } = await harness.shell.download("big", { privileged: true });
      const parts: Buffer[] = [];
      for await (const part of body) parts.push(part as Buffer);
      expect(size).toBe(content.length);
      expect(Buffer.concat(parts).equals(content)).toBe(true);
      await update([], ["./*"]);
    });

    it("is an error when the session breaks, and leaves no process behind", async () => {
      harness.opener.opened.length = 0;
      const running = update([{ path: "big", content: Buffer.alloc(200_000_000) }]);
      await expect.poll(() => harness.opener.opened[0]?.input.length ?? 0).toBeGreaterThan(1);
      harness.opener.opened[0]?.cut();
      await expect(running).rejects.toMatchObject({ code: "broken" });
      root("kill -9 $(/opt/tools/pgrep -x tar) $(/opt/tools/pgrep -f [p]oseidon)");
      await update([], ["./*"]);
    });

    it("starts anew when Nomad takes a session for ended that has not begun", async () => {
      harness.opener.earlyEnds = 2;
      await update([file("again", "1")]);
      harness.opener.earlyEnds = 1;
      expect(await download("again", true)).toBe("1");
      harness.opener.earlyEnds = 1;
      expect(await names("./")).toEqual(["again"]);
      await update([], ["again"]);
    });
  });

  it("writes, lists and reads any name", async () => {
    const part = fc
      .string({ unit: "binary", minLength: 1, maxLength: 60 })
      .filter((name) => !/[/\0]/.test(name) && isUtf8(name) && !name.startsWith("."))
      .filter((name) => Buffer.byteLength(name) <= 255);
    const tree = fc.uniqueArray(part, { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(tree, tree, async (outer, inner) => {
        const [first = ""] = outer;
        const directories = [`${first}/`];
        const files = [...outer.slice(1), ...inner.map((name) => `${first}/${name}`)];
        await update(
          [
            ...directories.map((path) => file(path)),
            ...files.map((path, index) => file(path, String(index))),
          ],
          ["./*"],
        );
        const expected = [...outer, ...inner.map((name) => `${first}/${name}`)].map((name) => `./${name}`);
        expect((await names("./", true)).sort()).toEqual(expected.sort());
        const [some] = files;
        if (some !== undefined) expect(await download(some, true)).toBe("0");
      }),
      { numRuns: 15 },
    );
    await update([], ["./*"]);
  });

  describe("list", () => {
    it("names entries as clients expect", async () => {
      await update([file("dir/"), file("dir/sub/f", "12"), file("dir/.hidden", "x")]);
      root("/opt/tools/ln -s dir l; /opt/tools/ln -s /nowhere 'a -> b'");
      expect(await names("dir")).toEqual(["sub"]);
      expect(await names("dir", true)).toEqual(["dir/sub", "dir/sub/f"]);
      expect(await names("./", true)).toEqual(["./a -> b", "./dir", "./l", "./dir/sub", "./dir/sub/f"]);
      expect(await names("dir//", true)).toEqual(["dir/sub", "dir/sub/f"]);
      expect(await names("dir/sub/f")).toEqual(["dir/sub/f"]);
      expect(await names("l")).toEqual(["l"]);
      expect(await names("l/")).toEqual(["sub"]);
      expect(await list("a -> b")).toMatchObject([
        { name: "a -> b", linkTarget: "/nowhere", entryType: "l" },
      ]);
      expect(await list("dir/sub/f")).toMatchObject([
        {
          size: 2,
          modificationTime: 0,
          permissions: "rwxr--r--",
          owner: "root",
          group: "root",
          entryType: "-",
        },
      ]);
      await update([], ["./*"]);
    });

    it("is empty for an empty directory", async () => {
      expect(await list("./")).toEqual([]);
      expect(await list("./", { recursive: true })).toEqual([]);
    });

    it("shows devices without size and with their group", async () => {
      const [entry] = await list("/dev/zero");
      expect(entry).toMatchObject({ entryType: "c", size: 0 });
      expect(entry?.group).not.toMatch(/\d/);
    });

    it("fails for what is missing or forbidden, and takes the path exactly", async () => {
      for (const path of ["nothing", "/root/x", "", "-l", "*", "$HOME", "--help"]) {
        await expect(list(path)).rejects.toMatchObject(notFound);
      }
      root("/opt/tools/mkdir -m 700 closed; echo x > closed/f");
      await expect(list("closed")).rejects.toMatchObject(notFound);
      expect((await list("closed", { privileged: true })).map(({ name }) => name)).toEqual(["f"]);
    });

    it("lists what can be read when something below cannot", async () => {
      root("/opt/tools/mkdir -m 700 closed; echo x > closed/f");
      expect(await names("./", true)).toEqual(["./closed"]);
      root("/opt/tools/mkdir -m 744 half; echo x > half/f; echo y > half/g");
      expect(await list("half")).toMatchObject([
        { name: "f", permissions: "?????????", size: 0, modificationTime: 0, owner: "?" },
        { name: "g", permissions: "?????????" },
      ]);
      await update([], ["./*"]);
    });

    it("shows a link whose target may not be read, without target", async () => {
      const [entry, ...more] = await list("/proc/1/cwd");
      expect(more).toEqual([]);
      expect(entry).toMatchObject({ name: "/proc/1/cwd", entryType: "l" });
      expect(entry).not.toHaveProperty("linkTarget");
    });

    it("hands a large listing on in pieces, as fast as it is read, and can be given up", async () => {
      root("for ((i = 0; i < 20000; i++)); do : > file_$i; done");
      const batches = await harness.shell.list("./", { recursive: false, privileged: false });
      let count = 0;
      let batchCount = 0;
      for await (const batch of batches) {
        count += batch.length;
        batchCount++;
        if (batchCount % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect(count).toBe(20_000);
      expect(batchCount).toBeGreaterThan(5);
      for await (const _ of await harness.shell.list("./", { recursive: false, privileged: false })) break;
      await expect.poll(() => root("/opt/tools/pgrep -c ls || true").trim()).toBe("0");
      await update([], ["./*"]);
    });
  });

  describe("download", () => {
    it("sends bytes and size, of a link its target's", async () => {
      const content = "binary \0 é \n 123456789012345678901234567890123456789:000\n1";
      await update([file("f", content)]);
      root("/opt/tools/ln -s f l");
      expect(await download("l")).toBe(content);
      expect(await download("./../workspace//f")).toBe(content);
    });

    it("sends an empty file and no bytes of a device", async () => {
      await update([file("empty")]);
      expect(await download("empty")).toBe("");
      expect(await download("/dev/zero")).toBe("");
    });

    it("takes paths exactly", async () => {
      const paths = ["-n", "a'b\"c", "$(whoami)", "new\nline", " space ", "é*?[", "dev/tcp/127.0.0.1/1"];
      await update(paths.map((path) => file(path, path)));
      for (const path of paths) expect(await download(path)).toBe(path);
    });

    it("fails for what is no file, or may not be read", async () => {
      root("echo x > secret; /opt/tools/chmod 600 secret");
      for (const path of ["nothing", "./", "/", "", "secret", "/dev/tcp/127.0.0.1/1", "f/"]) {
        await expect(download(path)).rejects.toMatchObject(notFound);
      }
      expect(await download("secret", true)).toBe("x\n");
    });

    it("does not wait for the writer of a planted pipe, and leaves nothing behind", async () => {
      const shells = () => Number(root("/opt/tools/pgrep -fc [p]oseidon || true"));
      const before = shells();
      root("mkfifo -m 666 pipe");
      await expect(download("pipe", true)).rejects.toMatchObject(notFound);
      await expect.poll(shells, { timeout: 5_000 }).toBeLessThanOrEqual(before);
      expect(root("/opt/tools/ps ax -o stat=").includes("Z")).toBe(false);
    });

    it("leaves nothing behind of a reader that its user stopped", async () => {
      const shells = () => Number(root("/opt/tools/pgrep -fc [p]oseidon || true"));
      const before = shells();
      root("mkfifo -m 666 pipe");
      const reading = download("pipe");
      const reader = await vi.waitUntil(() => root("/opt/tools/pgrep -u user -f [r]eader || true").trim(), {
        timeout: 3_000,
      });
      root(`/sbin/setuser user /bin/bash -c "kill -STOP ${reader}"`);
      await expect(reading).rejects.toMatchObject(notFound);
      await expect.poll(shells, { timeout: 5_000 }).toBeLessThanOrEqual(before);
    });

    it("sends what a growing file had when it was opened", async () => {
      root(
        "echo start > growing; (for ((i = 0; i < 2000; i++)); do echo more; done >> growing; exec sleep 0.1) &",
      );
      const { size, body } = await harness.shell.download("growing", { privileged: true });
      let bytes = 0;
      for await (const part of body) bytes += (part as Buffer).length;
      expect(bytes).toBe(size);
    });

    it("breaks off when a file becomes shorter", async () => {
      root("/opt/tools/truncate -s 50000000 shrinking");
      const { body } = await harness.shell.download("shrinking", { privileged: true });
      root(": > shrinking");
      await expect(
        (async () => {
          for await (const _ of body) await new Promise((resolve) => setImmediate(resolve));
        })(),
      ).rejects.toMatchObject({ code: "broken" });
    });

    it("reads only as fast as it is read, and ends when given up", async () => {
      root("/opt/tools/truncate -s 200000000 large");
      const { body } = await harness.shell.download("large", { privileged: true });
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(body.readableLength).toBeLessThan(2_000_000);
      body.destroy();
      await expect.poll(() => root("/opt/tools/pgrep -c cat || true").trim()).toBe("0");
    });
  });
});
