import { describe, expect, test } from "vitest";
import type { ApiClient } from "../suite/client.js";
import { useRunner } from "./environment.js";

/** Links, pipes, devices and loops that a learner planted where files are written, listed and read (execution.md, "Files"). */
export function plantedSuite(client: () => ApiClient): void {
  describe("what a learner planted", () => {
    const place = useRunner(client, 40);
    const { sh, copy, read } = place;

    test("at the place of a copied file is replaced, and nothing behind it is touched", async () => {
      await sh(
        "rm -rf /tmp/at; mkdir /tmp/at; cd /tmp/at; echo kept >victim; ln -s victim link; ln -s nowhere broken;" +
          "ln -s loop loop; ln victim hard; mkfifo fifo; ln -s /dev/zero zero; ln -s /tmp folder; mkdir empty",
      );
      const names = ["link", "broken", "loop", "hard", "fifo", "zero", "folder", "empty"];
      const files = Object.fromEntries(names.map((name) => [`/tmp/at/${name}`, `new ${name}`]));
      expect(await copy({ ...files, "/tmp/at/last": "last" })).toBe(204);
      for (const name of names) expect(await read(`/tmp/at/${name}`)).toBe(`new ${name}`);
      expect(await read("/tmp/at/victim")).toBe("kept\n");
      expect(await read("/tmp/at/last")).toBe("last");
      const types = await sh("cd /tmp/at; stat -c %F link broken loop hard fifo zero folder empty | sort -u");
      expect(types).toBe("regular file\n");
      expect(await sh("ls -A /tmp/nowhere /tmp/at/nowhere 2>/dev/null; echo")).toBe("\n");
    });

    test("a device at the place of a copied file is replaced, and its memory not written to", async () => {
      const made = await sh("mknod /tmp/device b 7 99 2>/dev/null && echo made || echo refused", {
        as: "root",
      });
      // Where a runner's root may not make devices there is none to be planted.
      if (made === "made\n")
        expect((await client().download(place.runner, { path: "/tmp/device" })).status).not.toBe(500);
      expect(await copy({ "/tmp/device": "file", "/tmp/beside": "beside" })).toBe(204);
      expect([await read("/tmp/device"), await read("/tmp/beside")]).toEqual(["file", "beside"]);
    });

    test("above the place of a copied file costs that file alone", async () => {
      await sh(
        "rm -rf /tmp/above; mkdir /tmp/above; cd /tmp/above; mkfifo fifo; ln -s loop loop; ln -s gone broken;" +
          "ln -s /dev/zero zero; ln -s /proc/self/fd/0 input; echo x >file",
      );
      for (const name of ["fifo", "loop", "broken", "zero", "input", "file"]) {
        const status = await copy({
          "/tmp/above/before": `b ${name}`,
          [`/tmp/above/${name}/inner/deep`]: "never",
          "/tmp/above/behind": `a ${name}`,
        });
        // A broken link alone may be taken for a missing parent.
        expect([name, status]).toEqual([name, name === "broken" ? expect.toBeOneOf([204, 500]) : 500]);
        expect([await read("/tmp/above/before"), await read("/tmp/above/behind")]).toEqual([
          `b ${name}`,
          `a ${name}`,
        ]);
      }
    });

    test("is listed as what it is, without following or opening it", async () => {
      await sh(
        "rm -rf /tmp/odd; mkdir -p /tmp/odd/deep; cd /tmp/odd; mkfifo fifo; ln -s . self; ln -s loop loop;" +
          "ln -s /proc/self/root root; ln -s / top; ln -s ../.. deep/up",
      );
      const { files } = (await client().list(place.runner, { path: "/tmp/odd" })).json();
      const seen = files.map((file: { name: string; entryType: string }) => `${file.entryType} ${file.name}`);
      expect(seen.sort()).toEqual([
        "d /tmp/odd/deep",
        "l /tmp/odd/deep/up",
        "l /tmp/odd/loop",
        "l /tmp/odd/root",
        "l /tmp/odd/self",
        "l /tmp/odd/top",
        "p /tmp/odd/fifo",
      ]);
      const loop = await client().list(place.runner, { path: "/tmp/odd/loop/" });
      expect(loop.status).toBe(424);
    });

    test("and that is no file is 424 within its bound, devices are empty, whoever asks", async () => {
      await sh(
        "rm -rf /tmp/read; mkdir /tmp/read; cd /tmp/read; mkfifo fifo held; ln -s fifo link; ln -s loop loop;" +
          "ln -s /dev/zero zero; (sleep 600 >held </dev/null 2>/dev/null &) ",
      );
      const none = ["fifo", "held", "link", "loop", "loop/x", "."].map((name) => `/tmp/read/${name}`);
      const empty = ["/tmp/read/zero", "/dev/zero", "/dev/null", "/dev/urandom", "/dev/full"];
      const ask = async (path: string, privilegedExecution: string) => {
        const { status, headers, bytes } = await client().download(place.runner, {
          path,
          privilegedExecution,
        });
        return [path, status, status === 200 ? [headers["content-length"], bytes.length] : undefined];
      };
      const answers = await Promise.all(
        ["true", "false"].flatMap((as) => [...none, ...empty].map((path) => ask(path, as))),
      );
      const wanted = [
        ...none.map((path) => [path, 424, undefined]),
        ...empty.map((path) => [path, 200, ["0", 0]]),
      ];
      expect(answers).toEqual([...wanted, ...wanted]);
      // Nothing that waited for the pipes is left.
      await expect
        .poll(
          () =>
            sh("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c '/tmp/rea[d]/' || :", {
              as: "root",
            }),
          {
            timeout: 20_000,
          },
        )
        .toBe("0\n");
    });

    test("and that grows or shrinks for ever ends: with what it had, or with a broken connection", async () => {
      await sh(
        "rm -rf /tmp/size; mkdir /tmp/size; cd /tmp/size; head -c 300000 /dev/zero >grows; cp grows shrinks; cd /;" +
          "(while [ -e /tmp/size ]; do head -c 100000 /dev/zero >>/tmp/size/grows; done </dev/null >/dev/null 2>&1 &);" +
          "(while [ -e /tmp/size ]; do : >/tmp/size/shrinks; head -c 300000 /dev/zero >/tmp/size/shrinks; done </dev/null >/dev/null 2>&1 &)",
      );
      try {
        for (let round = 0; round < 10; round += 1) {
          for (const name of ["grows", "shrinks"]) {
            const got = await client()
              .download(place.runner, { path: `/tmp/size/${name}` })
              .catch(() => undefined);
            if (got?.status === 200) expect(got.headers["content-length"]).toBe(String(got.bytes.length));
            else if (name === "grows") expect(got).toBeDefined();
          }
        }
      } finally {
        await sh("rm -rf /tmp/size");
      }
    });
  });
}
