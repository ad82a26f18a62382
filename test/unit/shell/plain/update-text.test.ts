import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { requestBytes } from "../../../../src/shell/request-bytes.js";
import { rootShell, shellText } from "../../../../src/shell/shell-text.js";
import { tarStream } from "../../../../src/shell/tar.js";

const base = new URL("../../../../src/shell/plain/update.ts", import.meta.url).href;
const text = shellText(base, "receive.sh", "stay.sh", "update.sh");

/** bash 5.2 does this to about one process substitution in a thousand, which ends just as it is waited for. */
const forgetfulWait = "wait() { builtin wait; (($# == 0)) || return 255; }\n";

describe("update.sh", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "update-"));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  async function update(chunks: Iterable<Buffer>): Promise<string> {
    const [program = "", ...flags] = rootShell(forgetfulWait + text, "copy");
    const shell = spawn(program, flags, { cwd: folder, stdio: ["pipe", "pipe", "ignore"] });
    const ended = once(shell, "exit");
    shell.stdin.on("error", () => undefined);
    for (const chunk of [requestBytes("nonce", []), ...chunks]) shell.stdin.write(chunk);
    let output = "";
    for await (const chunk of shell.stdout) {
      output += chunk;
      if (/nonce:.*\n/.test(output)) shell.stdin.end("\nend\n");
    }
    await ended;
    return output;
  }

  it("confirms with tar's own exit code, even where bash's wait has lost it", async () => {
    const copy = [{ path: join(folder, "a"), content: Buffer.from("x") }];
    expect(await update(tarStream(copy))).toBe("ready\nnonce:000\n");
    expect(readFileSync(join(folder, "a"), "utf8")).toBe("x");
  });

  it("says that tar failed, in the same way", async () => {
    const content = Buffer.from("x");
    const copy = [join(folder, "a"), join(folder, "a/below-a-file")].map((path) => ({ path, content }));
    expect(await update(tarStream(copy))).toBe("ready\nnonce:002\n");
  });
});
