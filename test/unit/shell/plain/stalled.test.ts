import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ExecOpener } from "../../../../src/nomad/exec.js";
import { createPlainShell } from "../../../../src/shell/plain/plain-shell.js";
import { silentLogger } from "../../../../src/telemetry/silent-logger.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A runner whose shells become ready and then say nothing, as when their user stops what they run. */
const mute: ExecOpener = {
  open: async (_target, { handlers }) => {
    queueMicrotask(() => handlers.onStdout(Buffer.from("ready\n")));
    return {
      write: () => true,
      endInput: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
      close: () => handlers.onEnd({ kind: "closed" }),
    };
  },
};

it("a listing, a download and a copy in a runner that says nothing end at a bound", async () => {
  const shell = createPlainShell({
    opener: mute,
    target: () => ({ allocationId: "a", nodeId: "n" }),
    separateStderr: true,
    logger: silentLogger,
  });
  const ended: string[] = [];
  const note = (what: string, work: Promise<unknown>) =>
    work.catch((error: { code: string }) => ended.push(`${what}: ${error.code}`));
  void note("list", shell.list("./", { recursive: true, privileged: false }));
  void note("download", shell.download("file", { privileged: false }));
  void note("update", shell.update({ remove: ["x"], copy: [] }));
  await vi.advanceTimersByTimeAsync(59_000);
  expect(ended).toEqual([]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(ended).toEqual(["list: broken", "download: broken"]);
  await vi.advanceTimersByTimeAsync(300_000);
  expect(ended).toEqual(["list: broken", "download: broken", "update: broken"]);
  expect(vi.getTimerCount()).toBe(0);
});
