import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { IdleCollector } from "../../../src/lib/idle-collector.js";

const LOOK_MS = 2_000;
const MIB = 1024 * 1024;

// Each test starts the false clock itself and lets it go in the same turn: nothing else of this process can set a timer on it.
afterEach(() => {
  vi.useRealTimers();
});

/** A process that is told how much it works and holds. */
class FakeMemory {
  used = 0;
  resident = 100 * MIB;
  left = 70 * MIB;
  collections = 0;
  cpuMs = () => this.used;
  rss = () => this.resident;
  collect = () => {
    this.collections += 1;
    this.resident = this.left;
    this.used += 40;
  };
}

let memory: FakeMemory;
let collector: IdleCollector;

beforeEach(() => {
  memory = new FakeMemory();
  collector = new IdleCollector(memory);
});

function looks(count: number, work = 0): void {
  for (let each = 0; each < count; each += 1) {
    memory.used += work;
    vi.advanceTimersByTime(LOOK_MS);
  }
}

test("collects once when there was nothing to do for three looks", () => {
  vi.useFakeTimers();
  collector.start();
  looks(2);
  expect(memory.collections).toBe(0);
  looks(1);
  expect(memory.collections).toBe(1);
  looks(10);
  expect(memory.collections).toBe(1);
  collector.stop();
});

test("never while there is work, and three looks after its end", () => {
  vi.useFakeTimers();
  collector.start();
  looks(2);
  looks(20, 100);
  expect(memory.collections).toBe(0);
  looks(2);
  expect(memory.collections).toBe(0);
  looks(1);
  expect(memory.collections).toBe(1);
  collector.stop();
});

test("again only when memory has grown by what is worth it", () => {
  vi.useFakeTimers();
  collector.start();
  looks(3);
  memory.resident = memory.left + 15 * MIB;
  looks(5);
  expect(memory.collections).toBe(1);
  memory.resident = memory.left + 16 * MIB;
  looks(1);
  expect(memory.collections).toBe(2);
  collector.stop();
});

test("a stopped one looks at nothing", () => {
  vi.useFakeTimers();
  collector.start();
  collector.start();
  collector.stop();
  collector.stop();
  looks(10);
  expect(memory.collections).toBe(0);
});

test("collects what nobody holds in this process, and leaves no collector to others", async () => {
  const dead = new WeakRef({ text: "x".repeat(1_000) });
  // What a turn has looked at lives to its end.
  await setImmediate();
  vi.useFakeTimers();
  const own = new IdleCollector();
  own.start();
  vi.advanceTimersByTime(3 * LOOK_MS);
  own.stop();
  expect(dead.deref()).toBeUndefined();
  expect("gc" in globalThis).toBe(false);
});
