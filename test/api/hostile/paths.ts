import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ApiClient } from "../suite/client.js";
import { useRunner } from "./environment.js";

/** Paths that leave, that are too long, or full of what shells and options are made of. */
export function pathSuite(client: () => ApiClient): void {
  describe("paths", () => {
    const place = useRunner(client, 42);
    const { sh, copy, read } = place;

    test("that leave the working directory stay in the runner", async () => {
      const name = `outside-${randomUUID()}`;
      const up = "../".repeat(40);
      const paths = [`${up}tmp/${name}-1`, `/../../tmp/${name}-2`, `/usr/bin/../../../tmp/${name}-3`];
      expect(await copy(Object.fromEntries(paths.map((path) => [path, "x"])))).toBe(204);
      for (const [index, path] of paths.entries()) {
        expect(await read(path)).toBe("x");
        expect((await client().list(place.runner, { path })).json().files).toHaveLength(1);
        expect(existsSync(`/tmp/${name}-${index + 1}`)).toBe(false);
      }
      expect(await sh("ls /tmp")).toContain(`${name}-1\n${name}-2\n${name}-3\n`);
      expect((await client().patch(place.runner, { delete: paths })).status).toBe(204);
      for (const path of paths) expect(await read(path)).toBe(424);
    });

    test("through /proc to other processes' roots are the runner's own", async () => {
      const name = `/tmp/root-${randomUUID()}`;
      expect(await copy({ [`/proc/1/root${name}`]: "x", "/tmp/beside": "y" })).toBeOneOf([204, 500]);
      expect(existsSync(name)).toBe(false);
      expect(await read("/tmp/beside")).toBe("y");
      for (const path of [
        "/proc/1/environ",
        "/proc/self/environ",
        "/proc/1/root/etc/shadow",
        "/proc/kcore",
      ]) {
        const answer = await client().download(place.runner, { path });
        expect([path, answer.status, answer.text.includes("root:")]).toEqual([
          path,
          expect.toBeOneOf([200, 424]),
          false,
        ]);
      }
    });

    test("of up to 4 KiB are exact, longer ones fail alone", async () => {
      const part = "ä-".repeat(60);
      const deep = `/tmp/long/${Array.from({ length: 21 }, () => part).join("/")}`;
      expect(Buffer.byteLength(deep)).toBeGreaterThan(3_800);
      expect(await copy({ [`${deep}/file`]: "deep" })).toBe(204);
      expect(await read(`${deep}/file`)).toBe("deep");
      const listed = (await client().list(place.runner, { path: "/tmp/long" })).json().files;
      expect(listed.at(-1).name).toBe(`${deep}/file`);
      for (const path of [
        `${deep}/${part}/${part}/${part}`,
        `/tmp/${"x".repeat(256)}`,
        "/tmp/".padEnd(5_000, "y/"),
      ]) {
        expect(await copy({ "/tmp/b": "b", [path]: "never", "/tmp/a": "a" })).toBe(500);
        expect([await read("/tmp/b"), await read("/tmp/a")]).toEqual(["b", "a"]);
        expect((await client().patch(place.runner, { delete: [path, "/tmp/a"] })).status).toBe(204);
        expect(await read("/tmp/a")).toBe(424);
        expect(await read(path)).toBe(424);
        expect((await client().list(place.runner, { path })).status).toBe(424);
      }
      expect((await client().patch(place.runner, { delete: ["/tmp/long"] })).status).toBe(204);
      expect(await read(`${deep}/file`)).toBe(424);
    });

    test("with newlines, dashes and globs are literal, in every place of a path", async () => {
      const odd = ["-rf", "--help", "new\nline", "*", "$(touch x)", "a -> b", "\u0001\u007f", "..."];
      await copy(Object.fromEntries(odd.map((name) => [`/tmp/odd/${name}/${name}`, name])));
      for (const name of odd) expect(await read(`/tmp/odd/${name}/${name}`)).toBe(name);
      const { files } = (await client().list(place.runner, { path: "/tmp/odd" })).json();
      const seen = files.map((file: { name: string }) => file.name);
      // `...` begins with a dot: ls shows neither it nor what is below.
      const shown = odd.filter((name) => name !== "...");
      const wanted = shown.flatMap((name) => [`/tmp/odd/${name}`, `/tmp/odd/${name}/${name}`]);
      expect(seen.sort()).toEqual(wanted.sort());
      const remove = odd.map((name) => `/tmp/odd/${name}`);
      expect((await client().patch(place.runner, { delete: remove })).status).toBe(204);
      expect((await client().list(place.runner, { path: "/tmp/odd" })).json()).toEqual({ files: [] });
    });
  });
}
