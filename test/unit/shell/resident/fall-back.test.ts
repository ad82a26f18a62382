import { afterEach, describe, expect, it } from "vitest";
import { type Harness, run, startHarness } from "../support/harness.js";
import { sandboxMissing } from "../support/sandbox.js";

/** How commands fare where an image or a runner does not allow warm sessions (runner-shell.md, "Opening and closing"). */
describe.skipIf(sandboxMissing !== undefined)("the shell of a warm runner", () => {
  let harness: Harness;
  afterEach(() => harness.sandbox.stop());

  const exited = (exitCode: number) => ({ kind: "exited", exitCode });
  const told = ["no warm sessions in this runner: its commands take the plain path"];

  /** Runs two commands, whose output is to be this, and a file operation. */
  async function takesThePlainPath(stdout: string, stderr: string): Promise<void> {
    for (let count = 0; count < 2; count++) {
      const outcome = await run(harness.shell, "echo out; echo err >&2; exit 3");
      expect(outcome).toEqual({ end: exited(3), stdout, stderr });
      harness.shell.warm({ keep: false });
    }
    expect(harness.taken).toEqual(["plain", "plain"]);
    expect(harness.infos).toEqual(told);
    expect(harness.shell.isWarm()).toBe(false);
    const files: string[] = [];
    await harness.shell.update({ remove: [], copy: [{ path: "made", content: Buffer.from("x") }] });
    for await (const batch of await harness.shell.list(".", { recursive: false, privileged: false }))
      files.push(...batch.map(({ name }) => name));
    expect(files).toEqual(["made"]);
  }

  it("takes the plain path in an image without head, said once", async () => {
    harness = await startHarness({ path: "fast", without: ["head"] });
    await expect.poll(() => harness.infos).toEqual(told);
    await takesThePlainPath("out\r\n", "err\r\n");
    expect(harness.warnings).toEqual([]);
  });

  it("takes the plain path in an image without mkfifo, which leaves one stream, said once", async () => {
    harness = await startHarness({ path: "fast", without: ["mkfifo"] });
    await expect.poll(() => harness.infos).toEqual(told);
    await takesThePlainPath("out\r\nerr\r\n", "");
    expect(harness.warnings).toHaveLength(1);
  });

  it("takes the plain path where no directory can be written to, which leaves one stream, said once", async () => {
    harness = await startHarness({ path: "fast", readOnlyTmp: true });
    await expect.poll(() => harness.infos).toEqual(told);
    await takesThePlainPath("out\r\nerr\r\n", "");
    expect(harness.warnings).toHaveLength(1);
  });

  it("gives each command a terminal of its own in an image without stty", async () => {
    harness = await startHarness({ path: "fast", without: ["stty"] });
    for (const exitCode of [1, 2, 3]) {
      const outcome = await harness.run(`echo out; echo err >&2; exit ${exitCode}`);
      expect(outcome).toEqual({ end: exited(exitCode), stdout: "out\r\n", stderr: "err\r\n" });
    }
    await harness.ready();
    expect(harness.taken).toEqual(["fast", "fast", "fast"]);
    expect(harness.opener.opened.filter(({ tty }) => tty).length).toBeGreaterThanOrEqual(4);
    expect(harness.infos).toEqual([]);
  });

  it("uses a terminal again, so that forty commands need few, all on the fast path", async () => {
    harness = await startHarness({ path: "fast" });
    for (let count = 0; count < 40; count++) expect((await harness.run("true")).end).toEqual(exited(0));
    await harness.ready();
    expect(harness.taken).toEqual(Array.from({ length: 40 }, () => "fast"));
    // While the machine is busy a look at the terminal can fail, which costs one.
    expect(harness.opener.opened.length).toBeLessThan(12);
  });

  it("has everything as stdout, and no pipe, when stderr is not wanted apart", async () => {
    harness = await startHarness({ path: "fast", separateStderr: false });
    for (let count = 0; count < 2; count++) {
      const outcome = await harness.run("echo out; echo err >&2; ls -A /tmp; exit 3");
      expect(outcome).toEqual({ end: exited(3), stdout: "out\r\nerr\r\n", stderr: "" });
    }
    expect(harness.taken).toEqual(["fast", "fast"]);
  });
});
