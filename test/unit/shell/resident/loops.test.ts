import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../../support/until.js";
import { type Harness, paths, run, startHarness } from "../support/harness.js";
import { sandboxMissing } from "../support/sandbox.js";

/** Prints, for each shell of ours, its number and the KB that are in memory for it alone. */
const memoryOfLoops = `for each in /proc/[0-9]*; do
  mapfile -d '' -t words <$each/cmdline
  [[ \${words[0]} == /bin/bash && \${words[5]} == poseidon ]] || continue
  while read -r name size _; do [[ $name == Private_* ]] && ((sum += size)); done <$each/smaps_rollup
  echo "$each $sum"; sum=0
done 2>/dev/null`;

/** Prints how often each process has gone to sleep by itself. */
const sleeps = `for each in /proc/[0-9]*; do
  while read -r name count; do if [[ $name == voluntary* ]]; then echo "$each $count"; fi; done <$each/status
done 2>/dev/null; true`;

describe.skipIf(sandboxMissing !== undefined)("the loops of a warm runner", () => {
  let harness: Harness;
  afterEach(() => harness.sandbox.stop());

  it("take less than 3 MB of memory together, also after large commands", async () => {
    harness = await startHarness({ path: "fast" });
    for (let count = 0; count < 5; count++) await harness.run("echo out; echo err >&2");
    // As much as they take; what is larger goes the other way.
    for (const size of [125_000, 1_000_000]) {
      const { stdout } = await harness.run(`x=${"x".repeat(size)}; echo "\${#x}"`);
      expect(stdout).toBe(`${size}\r\n`);
    }
    expect(harness.taken.slice(-2)).toEqual(["fast", "plain"]);
    await harness.ready();
    // A child that has not yet become what it is to be looks like its loop.
    const sizes = await until("both loops alone", () => {
      const lines = harness.sandbox.root(memoryOfLoops).trim().split("\n");
      const found = lines.map((line) => Number(line.split(" ")[1]));
      return found.length === 2 && found.every((size) => size > 0) && found;
    });
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(3 * 1024);
  });

  it("have started the next command's process ahead", async () => {
    harness = await startHarness({ path: "fast" });
    for (let count = 0; count < 3; count++) {
      await harness.ready();
      // It is there only once setuser has done its work.
      const waiting = await until("a process of the user", () => {
        const pid = harness.sandbox.root("/opt/tools/pgrep -u user -x bash || true").trim();
        return pid !== "" && pid;
      });
      expect((await harness.run("echo $$")).stdout).toBe(`${waiting}\r\n`);
    }
    expect(harness.taken).toEqual(["fast", "fast", "fast"]);
  });

  it("run a privileged command whose text is still on its way when the waiting process has left", async () => {
    harness = await startHarness({ path: "fast" });
    for (let count = 0; count < 5; count++) {
      // Too long for an empty pipe, so that it comes by and by.
      const command = `x=${"x".repeat(100_000)}; echo "\${#x}"`;
      expect((await harness.run(command, { privileged: true })).stdout).toBe("100000\r\n");
    }
    expect(harness.taken).toEqual(Array(5).fill("fast"));
  });

  it("end at a request without the secret, which shows nowhere, and are made anew", async () => {
    harness = await startHarness({ path: "fast" });
    await harness.ready();
    const control = harness.opener.opened.find(({ tty }) => !tty);
    const secret = String(control?.input[0]).trim();
    expect(secret).toMatch(/^[0-9a-f]{32}$/);
    const shown = harness.sandbox.root("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null || true");
    expect(shown).toContain("poseidon");
    expect(shown).not.toContain(secret);
    const printed = control?.written.length;
    control?.write(Buffer.from(`${secret.replace(/^./, "x")} fetch 1 root 100 11\0/etc/passwd`));
    await until("the loop's end", () => !harness.shell.isWarm());
    expect(control?.written).toHaveLength(printed ?? 0);
    expect((await harness.run("exit 3")).end).toEqual({ kind: "exited", exitCode: 3 });
    expect(harness.taken).toEqual(["fast"]);
  });
});

describe.skipIf(sandboxMissing !== undefined).each(paths)(
  "while a command waits, on the %s path,",
  (path) => {
    let harness: Harness;
    afterEach(() => harness.sandbox.stop());

    it("nothing in the runner and nothing at the server looks at intervals", async () => {
      harness = await startHarness({ path });
      await harness.ready();
      const running = new Promise<() => void>((resolve) => {
        void run(harness.shell, "echo on; read -r x", {
          onOutput: (chunk, command) => {
            if (chunk.includes("on")) resolve(() => command.write(Buffer.from("\n")));
          },
        });
      });
      const goOn = await running;
      const messages = () =>
        harness.opener.opened.map(({ input, written }) => [input.length, written.length]);
      /** How often a process that was there all the time woke up, in a second. */
      const wakings = async (): Promise<number> => {
        const before = new Map(counts(harness.sandbox.root(sleeps)));
        const sent = messages();
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        const after = counts(harness.sandbox.root(sleeps));
        if (JSON.stringify(messages()) !== JSON.stringify(sent)) return Number.POSITIVE_INFINITY;
        const woken = after.map(([each, count]) => count - (before.get(each) ?? count));
        expect(woken.length).toBeGreaterThan(3);
        return woken.reduce((sum, count) => sum + count);
      };
      // The server's sign of life, each 10 s, may fall into a second; what looks at intervals does in each.
      await expect.poll(wakings, { timeout: 20_000, interval: 0 }).toBe(0);
      goOn();
    });
  },
);

function counts(printed: string): [string, number][] {
  return printed
    .trim()
    .split("\n")
    .map((line) => line.split(" "))
    .map(([each = "", count]) => [each, Number(count)]);
}
