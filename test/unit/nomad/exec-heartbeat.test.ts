import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ExecHeartbeat } from "../../../src/nomad/exec-heartbeat.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("ExecHeartbeat", () => {
  it("beats for all sessions from one timer, which is there only while they are", () => {
    const beats: string[] = [];
    const session = (name: string) => ({ beat: () => void beats.push(name) });
    const [a, b] = [session("a"), session("b")];
    const heartbeat = new ExecHeartbeat({ interval: 10_000 });
    expect(vi.getTimerCount()).toBe(0);
    heartbeat.add(a);
    heartbeat.add(b);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(20_000);
    expect(beats).toEqual(["a", "b", "a", "b"]);
    heartbeat.remove(a);
    vi.advanceTimersByTime(10_000);
    expect(beats.slice(4)).toEqual(["b"]);
    heartbeat.remove(b);
    heartbeat.remove(b);
    expect(vi.getTimerCount()).toBe(0);
    heartbeat.add(a);
    vi.advanceTimersByTime(10_000);
    expect(beats.slice(5)).toEqual(["a"]);
  });
});
