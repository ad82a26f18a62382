import { afterEach, describe, expect, it } from "vitest";
import type { CommandEnd } from "../../../../src/shell/runner-shell.js";
import { type Harness, paths, startHarness } from "../support/harness.js";
import { sandboxMissing } from "../support/sandbox.js";

/** Runs `command`, and cuts sessions once it has said `on`. */
async function broken(harness: Harness, command: string, cut: readonly number[]) {
  await harness.ready();
  // The fast path's were opened before.
  const first = Math.max(0, harness.opener.opened.length - 2);
  const { end } = await harness.run(command, {
    onOutput: (chunk) => {
      if (chunk.includes("on")) for (const index of cut) harness.opener.opened[first + index]?.cut();
    },
  });
  return end as CommandEnd & { kind: "broken" };
}

const endProcess = (end: CommandEnd & { kind: "broken" }) =>
  end.endProcess?.({ signal: new AbortController().signal });

describe.skipIf(sandboxMissing !== undefined).each(paths)(
  "a command whose sessions broke on the %s path",
  (path) => {
    let harness: Harness;
    afterEach(() => harness.sandbox.stop());

    const left = () => harness.sandbox.root("/opt/tools/pgrep -fc '[s]leep 98765' || true").trim();

    it.each<[string, readonly number[]]>([
      ["the terminal's", [0]],
      ["that of stderr", [1]],
      ["both", [0, 1]],
    ])("is ended through a session of its own: %s", async (_, cut) => {
      harness = await startHarness({ path });
      const end = await broken(harness, "read -t 0.2; echo on; sleep 98765; echo late; sleep 98765", cut);
      expect(end).toMatchObject({ kind: "broken", reason: "cut" });
      expect(await endProcess(end)).toBe(true);
      expect(left()).toBe("0");
      expect(harness.sandbox.root("ls -A /tmp")).not.toContain(".fifo");
      expect((await harness.run("exit 3")).end).toEqual({ kind: "exited", exitCode: 3 });
    });

    it("is ended where there is one stream, with its shell", async () => {
      harness = await startHarness({ path, separateStderr: false });
      await harness.ready();
      const shells = () => harness.sandbox.root("/opt/tools/pgrep -fc [p]oseidon || true").trim();
      const before = shells();
      const end = await broken(harness, "read -t 0.2; echo on; exec sleep 98765", [0]);
      expect(await endProcess(end)).toBe(true);
      await expect.poll(shells, { timeout: 5_000 }).toBe(before);
    });

    it("is said to go on when it ignores SIGQUIT", async () => {
      harness = await startHarness({ path });
      const end = await broken(harness, "trap '' QUIT; read -t 0.2; echo on; while :; do sleep 1; done", [0]);
      expect(await endProcess(end)).toBe(false);
    });

    it("counts as ended when it has ended by itself meanwhile, and its shell too", async () => {
      harness = await startHarness({ path });
      const end = await broken(harness, "read -t 0.2; echo on; exit 3", [0, 1]);
      expect(await endProcess(end)).toBe(true);
    });

    it("is ended once a session can be had: Nomad was away, and took two for ended that had not begun", async () => {
      harness = await startHarness({ path });
      const end = await broken(harness, "read -t 0.2; echo on; exec sleep 98765", [0, 1]);
      harness.opener.refusals = 2;
      harness.opener.earlyEnds = 2;
      expect(await endProcess(end)).toBe(true);
      expect(left()).toBe("0");
    });

    it("is left alone when it is given up", async () => {
      harness = await startHarness({ path });
      const end = await broken(harness, "read -t 0.2; echo on; exec sleep 98765", [0, 1]);
      expect(await end.endProcess?.({ signal: AbortSignal.abort() })).toBe(false);
      expect(left()).toBe("1");
    });
  },
);
