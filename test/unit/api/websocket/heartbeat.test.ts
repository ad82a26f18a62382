import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Heartbeat, type Pulse } from "../../../../src/api/websocket/heartbeat.js";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

class FakePulse implements Pulse {
  readonly events: [string, number][] = [];
  isDeaf = false;

  ping(): void {
    this.events.push(["ping", performance.now()]);
  }

  onGone(): void {
    this.events.push(["gone", performance.now()]);
  }

  deaf(): boolean {
    return this.isDeaf;
  }
}

test("a silent connection is pinged each 30 s and gone after 60 s", () => {
  const heartbeat = new Heartbeat();
  const pulse = new FakePulse();
  const start = performance.now();
  heartbeat.add(pulse);
  vi.advanceTimersByTime(100_000);
  expect(pulse.events.map(([event, at]) => [event, at - start])).toEqual([
    ["ping", 30_000],
    ["gone", 60_000],
  ]);
  expect(vi.getTimerCount()).toBe(0);
});

test("one that answers lives on; one timer serves all; a removed one hears nothing", () => {
  const heartbeat = new Heartbeat();
  const pulses = [new FakePulse(), new FakePulse(), new FakePulse()] as const;
  for (const pulse of pulses) heartbeat.add(pulse);
  expect(vi.getTimerCount()).toBe(1);
  heartbeat.remove(pulses[2]);
  for (let at = 0; at < 10; at++) {
    vi.advanceTimersByTime(30_000);
    heartbeat.heard(pulses[0]);
  }
  expect(pulses[0].events.map(([event]) => event)).toEqual(Array.from({ length: 10 }, () => "ping"));
  expect(pulses[1].events.at(-1)?.[0]).toBe("gone");
  expect(pulses[2].events).toEqual([]);
  heartbeat.remove(pulses[0]);
  expect(vi.getTimerCount()).toBe(0);
});

test("silence says nothing while the connection is not read", () => {
  const heartbeat = new Heartbeat();
  const pulse = new FakePulse();
  pulse.isDeaf = true;
  heartbeat.add(pulse);
  vi.advanceTimersByTime(300_000);
  expect(pulse.events.every(([event]) => event === "ping")).toBe(true);
  pulse.isDeaf = false;
  vi.advanceTimersByTime(65_000);
  expect(pulse.events.at(-1)?.[0]).toBe("gone");
});
