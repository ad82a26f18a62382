import { describe, expect, it } from "vitest";
import { DeadlineError, withDeadline } from "../../../src/lib/with-deadline.js";

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });

describe("withDeadline", () => {
  it("gives what its task gives", async () => {
    expect(await withDeadline(60_000, async () => 5)).toBe(5);
    await expect(withDeadline(60_000, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  it("aborts its task after the time", async () => {
    await expect(withDeadline(1, untilAborted)).rejects.toBeInstanceOf(DeadlineError);
  });

  it("aborts its task with the outer signal, also one aborted before", async () => {
    const controller = new AbortController();
    const running = withDeadline(60_000, untilAborted, { signal: controller.signal });
    controller.abort("stop");
    await expect(running).rejects.toBe("stop");
    await expect(withDeadline(60_000, untilAborted, { signal: controller.signal })).rejects.toBe("stop");
  });
});
