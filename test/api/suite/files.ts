import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiClient, Runner } from "./client.js";

const base64 = (text: string | Buffer): string => Buffer.from(text).toString("base64");

const UNREADABLE = { message: "file not found or insufficient permissions" };

interface File {
  readonly name: string;
  readonly entryType: string;
  readonly linkTarget?: string;
  readonly permissions: string;
  readonly size: number;
}

/** Listing, changing and downloading files (rest-api.md, execution.md "Files"). */
export function fileSuite(client: () => ApiClient): void {
  describe("files", () => {
    const environment = (): number => client().target.firstEnvironmentId + 30;
    let runner: Runner;

    const names = async (query: Record<string, string>): Promise<string[]> =>
      (await client().list(runner, query)).json().files.map(({ name }: File) => name);
    const run = (command: string) => client().run(runner, { command, privilegedExecution: true });

    beforeAll(async () => {
      await client().put(environment());
      runner = await client().claim(environment());
    });

    afterAll(async () => {
      await client().call("DELETE", `/execution-environments/${environment()}`);
    });

    test("what is written can be listed in both forms and downloaded", async () => {
      const answer = await client().patch(runner, {
        copy: [
          { path: "forms/dir/" },
          { path: "forms/dir/file", content: base64("hello\n") },
          { path: "forms/a", content: "" },
        ],
      });
      expect([answer.status, answer.text, answer.headers["content-length"]]).toEqual([204, "", undefined]);
      expect((await names({ path: "./forms" })).sort()).toEqual([
        "./forms/a",
        "./forms/dir",
        "./forms/dir/file",
      ]);
      expect((await names({ path: "forms", recursive: "false" })).sort()).toEqual(["a", "dir"]);
      expect(await names({ path: "forms/dir/file" })).toEqual(["forms/dir/file"]);
      const { files } = (await client().list(runner, { path: "forms", recursive: "false" })).json();
      expect(files).toContainEqual({
        name: "a",
        entryType: "-",
        size: 0,
        modificationTime: 0,
        permissions: "rwxr--r--",
        ...(client().target.sharesMachine
          ? { owner: expect.anything(), group: expect.anything() }
          : { owner: "root", group: "root" }),
      });
      expect(files).toContainEqual(
        expect.objectContaining({
          name: "dir",
          entryType: "d",
          // Tar gives the sticky bit as root alone.
          permissions: client().target.sharesMachine ? expect.stringMatching(/^rwx/) : "rwxrwxrwt",
          modificationTime: 0,
        }),
      );
      const download = await client().download(runner, { path: "forms/dir/file" });
      expect([download.status, download.text]).toEqual([200, "hello\n"]);
      expect(download.headers).toMatchObject({
        "content-length": "6",
        "content-type": "application/octet-stream",
        "content-disposition": 'attachment; filename="forms/dir/file"',
      });
    });

    test("the default path is the working directory, recursive", async () => {
      await client().write(runner, "defaults/x", "x");
      expect(await names({})).toContain("./defaults/x");
      expect(await names({ recursive: "false" })).toContain("defaults");
    });

    test("parents that only a path implies belong to root, mode 0755", async () => {
      if (client().target.sharesMachine) return;
      await client().write(runner, "/tmp/implied/by/path", "x");
      const { files } = (await client().list(runner, { path: "/tmp/implied", recursive: "false" })).json();
      expect(files).toEqual([
        expect.objectContaining({ name: "by", permissions: "rwxr-xr-x", owner: "root" }),
      ]);
    });

    test.each([
      "with space",
      'quotes "double"',
      "it's",
      "$HOME `id` $(id) *?[a]",
      "-leading",
      "new\nline",
      "a -> b",
      "tab\tand\\backslash",
      "ünïcödé \u{1f600}",
      `${"long".repeat(50)}`,
      "100% sure",
    ])("the name %j is exact everywhere", async (name) => {
      await client().patch(runner, { delete: ["odd"] });
      expect((await client().write(runner, `odd/${name}`, "content")).status).toBe(204);
      expect(await names({ path: "odd", recursive: "false" })).toEqual([name]);
      expect(await names({ path: `odd/${name}` })).toEqual([`odd/${name}`]);
      expect((await client().download(runner, { path: `odd/${name}` })).text).toBe("content");
      expect((await client().patch(runner, { delete: [`odd/${name}`] })).status).toBe(204);
      expect((await client().list(runner, { path: "odd" })).json()).toEqual({ files: [] });
    });

    test("delete comes first, removes recursively and never fails; ./* leaves dot files", async () => {
      await client().patch(runner, {
        copy: [
          { path: "old/deep/file", content: "" },
          { path: ".hidden", content: base64("h") },
        ],
      });
      const answer = await client().patch(runner, {
        delete: ["./*", "missing", "/proc/1/cmdline"],
        copy: [{ path: "new", content: "" }],
      });
      expect(answer.status).toBe(204);
      expect(await names({ recursive: "false" })).toEqual(["new"]);
      expect((await client().download(runner, { path: ".hidden" })).text).toBe("h");
    });

    test("nothing to do is 204; a body that is none is 400", async () => {
      expect((await client().patch(runner, {})).status).toBe(204);
      const empty = await client().call("PATCH", `/runners/${runner.id}/files`, {
        body: "",
        headers: { "Content-Type": "text/html" },
      });
      expect(empty.status).toBe(400);
    });

    test("wrong base64 is 400, and nothing is touched", async () => {
      await client().write(runner, "kept", "kept");
      const answer = await client().patch(runner, {
        delete: ["kept"],
        copy: [
          { path: "kept", content: base64("new") },
          { path: "b", content: "!" },
        ],
      });
      expect(answer.status).toBe(400);
      expect((await client().download(runner, { path: "kept" })).text).toBe("kept");
    });

    test("a file in the place of a full directory is 500 with tar's words; the others are written", async () => {
      await client().write(runner, "full/file", "x");
      const answer = await client().patch(runner, {
        copy: [
          { path: "full", content: "" },
          { path: "beside", content: base64("yes") },
        ],
      });
      expect(answer.status).toBe(500);
      expect(answer.json()).toEqual({
        message: expect.stringContaining("file copy failed: stderr output '"),
        errorCode: "UNKNOWN",
      });
      expect((await client().download(runner, { path: "beside" })).text).toBe("yes");
    });

    test("a link is replaced itself; its target's bytes are downloaded", async () => {
      await run("echo target >target; ln -s target link; ln -s nowhere broken");
      const { files } = (await client().list(runner, { recursive: "false" })).json();
      expect(files).toContainEqual(
        expect.objectContaining({ name: "link", entryType: "l", linkTarget: "target" }),
      );
      const download = await client().download(runner, { path: "link" });
      expect([download.text, download.headers["content-length"]]).toEqual(["target\n", "7"]);
      expect((await client().download(runner, { path: "broken" })).status).toBe(424);
      await client().write(runner, "link", "own");
      expect((await client().download(runner, { path: "target" })).text).toBe("target\n");
      expect((await client().download(runner, { path: "link" })).text).toBe("own");
    });

    test("what is not there, or not a file, is 424", async () => {
      await run("mkfifo -m 666 pipe; mkdir -p folder");
      for (const path of ["missing", "missing/deeper", "\n", "-"]) {
        const listed = await client().list(runner, { path });
        expect([path, listed.status, listed.json()]).toEqual([path, 424, UNREADABLE]);
      }
      for (const path of ["missing", "folder", "folder/", "pipe", ""]) {
        const raw = await client().download(runner, { path });
        expect([path, raw.status, raw.json()]).toEqual([path, 424, UNREADABLE]);
      }
      expect((await client().call("GET", `/runners/${runner.id}/files/raw`)).status).toBe(424);
      expect((await client().list(runner, { path: "a\0b" })).status).toBe(400);
    });

    test("what user may not read is 424, and 200 if privileged", async () => {
      if (!client().target.twoUsers) return;
      await run("mkdir -p /tmp/secret; echo s >/tmp/secret/s; chmod 700 /tmp/secret");
      expect((await client().list(runner, { path: "/tmp/secret" })).status).toBe(424);
      expect(await names({ path: "/tmp/secret", privilegedExecution: "true" })).toEqual(["/tmp/secret/s"]);
      expect((await client().download(runner, { path: "/tmp/secret/s" })).status).toBe(424);
      expect(
        (await client().download(runner, { path: "/tmp/secret/s", privilegedExecution: "1" })).text,
      ).toBe("s\n");
      const link = (await client().list(runner, { path: "/proc/1/cwd" })).json().files;
      expect(link).toHaveLength(1);
      expect([link[0].entryType, link[0].linkTarget]).toEqual(["l", undefined]);
    });

    test("user may create files beside those of root in a directory, and not remove them", async () => {
      if (!client().target.twoUsers) return;
      await client().patch(runner, { copy: [{ path: "shared/" }, { path: "shared/root", content: "" }] });
      const { stdout } = await client().run(runner, {
        command: "echo mine >shared/mine && rm -f shared/root 2>/dev/null; ls shared",
      });
      expect(stdout.split(/\s+/).filter(Boolean)).toEqual(["mine", "root"]);
    });

    test("megabytes arrive exactly, both ways", async () => {
      const bytes = Buffer.from(Uint8Array.from({ length: 3_000_001 }, (_, at) => (at * 31) ^ (at >> 7)));
      expect((await client().write(runner, "big", bytes)).status).toBe(204);
      const download = await client().download(runner, { path: "big" });
      expect(download.headers["content-length"]).toBe("3000001");
      expect(download.bytes.equals(bytes)).toBe(true);
    });

    test("a thousand files are listed", async () => {
      await run('mkdir -p many; for ((i = 0; i < 1000; i++)); do : >"many/file $i"; done');
      expect(await names({ path: "many", recursive: "false" })).toHaveLength(1000);
    });

    test("entries come in the order of ls, without dot names", async () => {
      await run('mkdir order; cd order; for name in b B a _ 10 9 .dot; do : >"$name"; done');
      const { stdout } = await run("ls -1 order");
      expect(await names({ path: "order", recursive: "false" })).toEqual(stdout.trimEnd().split("\r\n"));
      expect(await names({ path: "order" })).toHaveLength(6);
    });

    test("paths are cleaned, and may leave the working directory", async () => {
      await client().write(runner, "a/../cleaned//file", "c");
      expect((await client().download(runner, { path: "cleaned/file" })).text).toBe("c");
      await client().write(runner, "../tmp/outside", "o");
      expect((await client().download(runner, { path: "../tmp/outside" })).text).toBe("o");
    });
  });
}
