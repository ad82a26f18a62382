import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { shellText } from "../../../src/shell/shell-text.js";

const plain = new URL("../../../src/shell/plain/", import.meta.url);
const resident = new URL("../../../src/shell/resident/", import.meta.url);
const textsIn = (folder: URL) => readdirSync(folder).filter((name) => name.endsWith(".sh"));
const scripts = textsIn(plain);
const all = [plain, resident].flatMap((folder) => textsIn(folder).map((name) => [name, folder] as const));

describe("shell texts", () => {
  it.each(all)("%s keeps its meaning when its comments are taken out", (name, folder) => {
    const text = shellText(folder.href, name);
    expect(text).not.toMatch(/^\s*#/m);
    expect(spawnSync("bash", ["-n"], { input: text }).status).toBe(0);
    // No string or here-document runs over a line end, so that trimming lines changes nothing.
    expect(readFileSync(new URL(name, folder), "utf8")).not.toMatch(/<</);
  });

  it("fit into the address of a request", () => {
    const longest = shellText(plain.href, "receive.sh", "pipes.sh", "terminal.sh");
    expect(encodeURIComponent(JSON.stringify(longest)).length).toBeLessThan(6_000);
    const control = shellText(resident.href, "../remove-all.sh", "control.sh", "../plain/reader.sh");
    expect(encodeURIComponent(JSON.stringify(control)).length).toBeLessThan(12_000);
  });

  it("use only what an image has", () => {
    const foreign =
      /(?:^|[\s;(|&])(?:head|tail|dd|stat|stty|wc|chmod|timeout|mktemp|mkdir|readlink|seq|sed|awk|cut|tr|ps)\s/m;
    for (const name of scripts) expect(shellText(plain.href, name)).not.toMatch(foreign);
  });
});
