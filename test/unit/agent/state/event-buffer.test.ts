import { expect, test } from "vitest";
import { DROPPED, EventBuffer } from "../../../../src/agent/state/event-buffer.js";

function filled(size: number, indexes: readonly number[]): EventBuffer {
  const buffer = new EventBuffer(size);
  for (const index of indexes) buffer.append(index, []);
  return buffer;
}

test("starts at the index, the next later one, the newest, or the oldest for 0", () => {
  const buffer = filled(10, [3, 5, 5, 8]);
  expect(buffer.positionOf(5)).toBe(1);
  expect(buffer.positionOf(4)).toBe(1);
  expect(buffer.positionOf(99)).toBe(3);
  expect(buffer.positionOf(0)).toBe(0);
});

test("keeps one more than its size, and tells who fell behind", () => {
  const buffer = filled(2, [1, 2, 3, 4]);
  expect(buffer.at(0)).toBe(DROPPED);
  expect(buffer.at(1)).toMatchObject({ index: 2 });
  expect(buffer.at(4)).toBeUndefined();
});

test("calls back until told not to", () => {
  const buffer = filled(2, []);
  let calls = 0;
  const stop = buffer.subscribe(() => calls++);
  buffer.append(1, []);
  stop();
  buffer.append(2, []);
  expect(calls).toBe(1);
});
