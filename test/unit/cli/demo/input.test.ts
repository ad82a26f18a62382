import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { forwardInput } from "../../../../src/cli/demo/input.js";
import { eventually } from "../context.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

function start(options: { isTTY?: boolean; fallback?: string; quiet?: boolean } = {}) {
  const input = Object.assign(new PassThrough(), { isTTY: options.isTTY ?? false });
  const sent: string[] = [];
  const unsent: (() => void)[] = [];
  const said: string[] = [];
  const execution = {
    started: Promise.resolve(),
    spoke: options.quiet ? new Promise<never>(() => undefined) : Promise.resolve(),
    ended: new Promise<never>(() => undefined),
    write: (data: Buffer | string, onSent?: () => void) => {
      sent.push(String(data));
      if (onSent !== undefined) unsent.push(onSent);
    },
  };
  const onFallback = () => void said.push("fallback");
  const stop = forwardInput({ input, execution, fallback: options.fallback, onFallback });
  return { input, sent, unsent, said, stop };
}

describe("forwardInput", () => {
  it("hands on what is typed, one piece at a time", async () => {
    const { input, sent, unsent } = start({ isTTY: true });
    input.write("Ada\n");
    await eventually(() => sent.length === 1);
    input.write("Bob\n");
    expect(input.isPaused()).toBe(true);
    expect(sent).toEqual(["Ada\n"]);
    unsent.shift()?.();
    await eventually(() => sent.length === 2);
    expect(sent).toEqual(["Ada\n", "Bob\n"]);
  });

  it.each([
    ["a\n", ["a\n", "\u0004"]],
    ["a", ["a", "\n\u0004"]],
  ])("makes the end of %j the end of the terminal's input", async (text, expected) => {
    const { input, sent, unsent, said } = start({ fallback: "Ada\n" });
    input.end(text);
    await eventually(() => sent.length === 1);
    unsent.shift()?.();
    await eventually(() => sent.length === 2);
    expect(sent).toEqual(expected);
    expect(said).toEqual([]);
  });

  it("types the fallback when the input is empty, and says so", async () => {
    const { input, sent, said } = start({ fallback: "Ada\n" });
    input.end();
    await eventually(() => sent.length === 2);
    expect(sent).toEqual(["Ada\n", "\u0004"]);
    expect(said).toEqual(["fallback"]);
  });

  it("types the fallback although the program says nothing", async () => {
    const { input, sent } = start({ fallback: "Ada\n", quiet: true });
    input.end();
    await eventually(() => sent.length === 2);
    expect(sent).toEqual(["Ada\n", "\u0004"]);
  });

  it("types the fallback when an input that is no terminal stays silent", () => {
    const { sent } = start({ fallback: "Ada\n" });
    vi.advanceTimersByTime(3000);
    expect(sent).toEqual(["Ada\n"]);
  });

  it("waits for a person for ever, and types nothing without a fallback", () => {
    const terminal = start({ isTTY: true, fallback: "Ada\n" });
    const none = start();
    vi.advanceTimersByTime(1e6);
    expect(terminal.sent).toEqual([]);
    expect(none.sent).toEqual([]);
  });

  it("leaves nothing behind when it is stopped", async () => {
    const { input, sent, stop } = start({ fallback: "Ada\n" });
    stop();
    expect(vi.getTimerCount()).toBe(0);
    expect(input.listenerCount("data")).toBe(0);
    input.end("late\n");
    expect(sent).toEqual([]);
  });
});
