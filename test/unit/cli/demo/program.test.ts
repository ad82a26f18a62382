import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DemoError } from "../../../../src/cli/demo/errors.js";
import { readProgram } from "../../../../src/cli/demo/program.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "poseidon-demo-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, text = ""): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}
const paths = (program: Awaited<ReturnType<typeof readProgram>>) => program.files.map(({ path }) => path);

describe("readProgram", () => {
  it.each([
    ["a.sh", "", "bash ./a.sh", "bash"],
    ["a.py", "", "python3 ./a.py", "python3"],
    ["tool", "#!/usr/bin/env python3\n", "python3 ./tool", "python3"],
    ["tool", "#!/usr/bin/python\n", "python3 ./tool", "python3"],
    ["tool", "#!/bin/sh -e\n", "sh ./tool", "sh"],
    ["it's $(odd) name.sh", "", "bash ./it_s___odd__name.sh", "bash"],
    ["-r.py", "", "python3 ./_r.py", "python3"],
  ])("runs %s %s", async (name, text, command, tool) => {
    const program = await readProgram(await file(name, text));
    expect(program).toMatchObject({ command, tools: [tool] });
    expect(program.files).toHaveLength(1);
    expect(program.command).toContain(program.files[0]?.path);
    expect(program.command).not.toContain("'");
  });

  it("compiles a C file by make's own rules", async () => {
    const program = await readProgram(await file("sum.c", "int main(void) {}"));
    expect(program).toMatchObject({ command: "make --silent ./sum && ./sum", tools: ["make", "cc"] });
    expect(paths(program)).toEqual(["sum.c"]);
  });

  it("takes the folder of a Makefile that can run, however it is named", async () => {
    const source = await file("main.c");
    const makefile = await file("Makefile", "a: main.c\nrun: a\n\t./a\n");
    await file(".hidden");
    await mkdir(join(folder, "sub"));
    for (const path of [folder, makefile, source]) {
      const program = await readProgram(path);
      expect(program.command).toBe("make --silent run");
      expect(paths(program)).toEqual(["Makefile", "main.c"]);
    }
  });

  it.each([
    ["no Makefile", async () => folder],
    ["no file", async () => join(folder, "missing")],
    ["of no kind", () => file("a.txt", "hello")],
    [
      'a target "run"',
      async () => {
        await file("Makefile", "all:\n");
        return folder;
      },
    ],
  ])("says what is wrong: %s", async (message, path) => {
    const reading = readProgram(await path());
    await expect(reading).rejects.toThrow(DemoError);
    await expect(reading).rejects.toThrow(message);
  });

  it("can run each of the project's examples", async () => {
    for (const name of ["hello.sh", "wordcount.py", "c-average", "c-average/main.c"]) {
      const example = new URL(`../../../../examples/${name}`, import.meta.url).pathname;
      expect((await readProgram(example)).files.length).toBeGreaterThan(0);
    }
  });
});
