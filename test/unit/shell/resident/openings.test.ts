import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { deferred } from "../../../../src/lib/deferred.js";
import { Openings } from "../../../../src/shell/resident/openings.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const waiting = { claimed: false, fresh: true };
const claimed = { claimed: true, fresh: false };

/** Openings that end when they are told to; `begun` has their names in the order in which they began. */
function start() {
  const openings = new Openings();
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (name: string, options: { readonly claimed: boolean; readonly fresh: boolean }, node = "n") => {
    const open = deferred();
    ends.set(name, open.resolve);
    const opening = () => {
      begun.push(name);
      return open.promise;
    };
    return openings.run(node, opening, options);
  };
  const end = async (name: string) => {
    ends.get(name)?.();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { openings, begun, run, end };
}

it("are two at a time on each node, those of clients first", async () => {
  const { begun, run, end } = start();
  for (const name of ["a", "b", "c"]) void run(name, waiting);
  void run("client's", claimed);
  void run("elsewhere", waiting, "m");
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toEqual(["a", "b", "elsewhere"]);
  await end("b");
  expect(begun).toEqual(["a", "b", "elsewhere", "client's"]);
  await end("a");
  expect(begun.at(-1)).toBe("c");
});

it("settle as the opening does, and make room", async () => {
  const { openings, begun, run } = start();
  const failing = () => Promise.reject(new Error("no"));
  await expect(openings.run("n", failing, waiting)).rejects.toThrow("no");
  await expect(openings.run("n", () => Promise.resolve(3), waiting)).resolves.toBe(3);
  void run("a", waiting);
  void run("b", waiting);
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toEqual(["a", "b"]);
});

it("that hang keep others waiting for a second, and settle when they do", async () => {
  const { begun, run, end } = start();
  const hanging = run("a", claimed);
  void run("b", claimed);
  void run("c", waiting);
  await vi.advanceTimersByTimeAsync(999);
  expect(begun).toEqual(["a", "b"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(begun).toEqual(["a", "b", "c"]);
  await end("a");
  await hanging;
});

it("let a command that comes right behind its claim go ahead, and are not held up by steps for long", async () => {
  const { openings, begun, run } = start();
  void run("a", { claimed: true, fresh: true });
  await vi.advanceTimersByTimeAsync(10);
  const step = deferred();
  void openings.ahead("n", () => step.promise);
  await vi.advanceTimersByTimeAsync(100);
  expect(begun).toEqual([]);
  step.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toEqual(["a"]);

  void openings.ahead("n", () => new Promise(() => undefined));
  void run("b", waiting);
  await vi.advanceTimersByTimeAsync(199);
  expect(begun).toEqual(["a"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(begun).toEqual(["a", "b"]);
});
