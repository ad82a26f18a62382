import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Harness, startHarness } from "../support/harness.js";
import { sandboxMissing } from "../support/sandbox.js";

/** How long warm sessions stay that nobody uses (runner-shell.md, "Opening and closing"). */
describe.skipIf(sandboxMissing !== undefined)("warm sessions that nobody uses", () => {
  let harness: Harness;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await harness.sandbox.stop();
  });

  /** Our shells in the runner. */
  const shells = () => harness.sandbox.root("/opt/tools/pgrep -fc [p]oseidon || true").trim();
  const warm = { timeout: 10_000 };

  it("are closed after 60 s in a used runner, and opened again when they are wanted", async () => {
    harness = await startHarness({ path: "fast" });
    harness.shell.warm({ keep: false });
    await expect.poll(() => harness.shell.isWarm(), warm).toBe(true);
    vi.advanceTimersByTime(50_000);
    expect(harness.shell.isWarm()).toBe(true);
    vi.advanceTimersByTime(20_000);
    expect(harness.shell.isWarm()).toBe(false);
    await expect.poll(shells, warm).toBe("0");
    harness.shell.warm({ keep: false });
    await expect.poll(() => harness.shell.isWarm(), warm).toBe(true);
  });

  it("stay in a runner that waits to be claimed, with a sign of life each 10 s", async () => {
    harness = await startHarness({ path: "fast" });
    await expect.poll(() => harness.shell.isWarm(), warm).toBe(true);
    const control = harness.opener.opened.find(({ tty }) => !tty);
    const before = control?.input.length ?? 0;
    vi.advanceTimersByTime(120_000);
    expect(harness.shell.isWarm()).toBe(true);
    const [secret] = control?.input.map(String) ?? [];
    const signs = control?.input.slice(before).map(String);
    expect(signs).toEqual(Array.from({ length: 12 }, () => `${secret?.trim()} \0`));
  });
});
