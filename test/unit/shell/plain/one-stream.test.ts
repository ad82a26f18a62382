import { afterEach, describe, expect, it } from "vitest";
import { type Harness, run, startHarness } from "../support/harness.js";
import { sandboxMissing } from "../support/sandbox.js";

describe.skipIf(sandboxMissing !== undefined)("a command with one stream", () => {
  let harness: Harness | undefined;
  afterEach(() => harness?.sandbox.stop());

  const exited = (exitCode: number) => ({ kind: "exited", exitCode });

  it("has one session and everything is stdout, when stderr is not wanted apart", async () => {
    harness = await startHarness({ separateStderr: false });
    const outcome = await run(
      harness.shell,
      // The input first: its echo comes when it was typed, which may be before or after what the command prints by itself.
      'read -r x; echo out; echo err >&2; echo "<$x>"; ls -A /tmp; exit 3',
      {
        environment: { A: "1" },
        input: "typed\n",
      },
    );
    expect(outcome).toEqual({ end: exited(3), stdout: "typed\r\nout\r\nerr\r\n<typed>\r\n", stderr: "" });
    expect(harness.opener.opened).toHaveLength(1);
    expect(harness.warnings).toEqual([]);
  });

  it("does not echo the nonce, nor hand any of the request on", async () => {
    harness = await startHarness({ separateStderr: false });
    const command = "exec cat # \\x é '\" \t\u0003\u0011\u0016 ";
    const outcome = await run(harness.shell, command, { input: "typed\n\u0004" });
    expect(outcome).toEqual({ end: exited(0), stdout: "typed\r\ntyped\r\n", stderr: "" });
    const raw = Buffer.concat(harness.opener.opened[0]?.written ?? []).toString();
    const nonce = /(\d{39}):000/.exec(raw)?.[1] ?? "none";
    expect(raw.split(nonce)).toHaveLength(2);
  });

  it("loses no byte, and takes a large request through the terminal", async () => {
    harness = await startHarness({ separateStderr: false });
    const command = `/opt/tools/head -c 1000000 /dev/zero; echo "\${#LONG}" #${"é".repeat(60_000)}`;
    const outcome = await run(harness.shell, command, { environment: { LONG: "x".repeat(100_000) } });
    expect(outcome.end).toEqual(exited(0));
    expect(outcome.stdout.length).toBe(1_000_000 + 8);
    expect(outcome.stdout.endsWith("100000\r\n")).toBe(true);
  });

  it("ends when the terminal was left in another state, with input nobody read", async () => {
    harness = await startHarness({ separateStderr: false });
    const outcome = await run(harness.shell, "/opt/tools/stty raw -echo; sleep 0.2; exit 5", {
      input: "nobody reads this\nnor this",
    });
    expect(outcome.end).toEqual(exited(5));
    const { sandbox } = harness;
    await expect.poll(() => sandbox.root("/opt/tools/pgrep -fc [p]oseidon || true").trim()).toBe("0");
  });

  it("is what remains without a writable directory, said once", async () => {
    harness = await startHarness({ readOnlyTmp: true });
    const outcome = await run(harness.shell, "echo out; echo err >&2; exit 3");
    expect(outcome).toEqual({ end: exited(3), stdout: "out\r\nerr\r\n", stderr: "" });
    await run(harness.shell, "true");
    expect(harness.warnings).toHaveLength(1);
  });

  it("starts anew when Nomad takes the session for ended that has not begun", async () => {
    harness = await startHarness({ separateStderr: false });
    harness.opener.earlyEnds = 2;
    expect((await run(harness.shell, "exit 4")).end).toEqual(exited(4));
  });
});
