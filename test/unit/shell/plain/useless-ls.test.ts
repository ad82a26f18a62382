import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FileEntry } from "../../../../src/shell/runner-shell.js";
import { type Harness, paths, startHarness } from "../support/harness.js";
import { sandboxMissing } from "../support/sandbox.js";

/** As GNU ls 9 in gVisor of 2022: it fails on every file; unless a file says that it may work. */
const uselessLs = `#!/bin/bash
[[ ! -e /tmp/works ]] || exec /opt/tools/ls "$@"
if [[ $1 == --version ]]; then echo "ls (GNU coreutils) 9.1"; exit; fi
echo "ls: cannot access '\${!#}': Invalid argument" >&2
exit 2
`;

const TREE = String.raw`
cd /workspace && mkdir -p 'a b/deep/er' a empty .hidden/below locked && touch .dot
printf 123 >a/file; printf '' >'a b/quote"d'; printf x >'back\slash'; printf y >$'line\nbreak'; printf z >$'tab\there\r'
printf u >'ä ö ü €'; printf v >$'\xff\xfe'; printf 4 >'a b/deep/er/.dot'; printf 4 >'a b/deep/er/-l'; printf 5 >-n
ln -s a/file link; ln -s 'no"where' broken; ln -s a dirlink; ln -s a/file 'a -> b'; mkfifo pipe
chmod 1777 empty; chmod 4711 a/file; chmod 000 locked; touch -d @-5 a; touch -d @1 back*
`;

describe.skipIf(sandboxMissing !== undefined).each(paths)(
  "a GNU ls that fails on every file, on the %s path",
  (path) => {
    let harness: Harness;
    beforeAll(async () => {
      const tools = ["find", "sort", "grep", "touch", "mkdir", "ln", "mkfifo", "chmod", "rm"];
      harness = await startHarness({
        path,
        scripts: { ls: uselessLs },
        tools: [...tools, ...(path === "fast" ? ["head", "stty"] : [])],
      });
      expect((await harness.run(TREE)).end).toEqual({ kind: "exited", exitCode: 0 });
    });
    afterAll(() => harness.sandbox.stop());

    const list = async (
      place: string,
      how: { readonly recursive: boolean; readonly privileged: boolean },
    ): Promise<FileEntry[]> => {
      await harness.ready();
      const entries: FileEntry[] = [];
      for await (const batch of await harness.shell.list(place, how)) entries.push(...batch);
      return entries;
    };

    it.each([
      [".", false],
      ["./", true],
      [".", true],
      ["/workspace", true],
      ["/workspace/", true],
      ["a b", true],
      ["a", false],
      ["empty", true],
      ["link", false],
      ["dirlink", true],
      ["dirlink/", true],
      ["-n", false],
      ["-n", true],
      ["/dev/null", false],
      ["/usr", false],
    ])("a listing of %s, recursive %s, is what ls says", async (place, recursive) => {
      const how = { recursive, privileged: false };
      await harness.run("touch /tmp/works");
      const wanted = await list(place, how);
      await harness.run("rm /tmp/works");
      expect(await list(place, how)).toEqual(wanted);
      expect(wanted.length > 0).toBe(place !== "empty");
    });

    it.each(["/nowhere", "link/", "locked", ""])("a listing of '%s' is not found", async (place) => {
      await expect(list(place, { recursive: false, privileged: false })).rejects.toMatchObject({
        code: "file-not-found",
      });
    });

    it("downloads files", async () => {
      await harness.ready();
      const { size, body } = await harness.shell.download("ä ö ü €", { privileged: false });
      const chunks: Buffer[] = [];
      for await (const chunk of body) chunks.push(chunk as Buffer);
      expect([size, String(Buffer.concat(chunks))]).toEqual([1, "u"]);
      await expect(harness.shell.download("a", { privileged: false })).rejects.toMatchObject({
        code: "file-not-found",
      });
    });
  },
);
