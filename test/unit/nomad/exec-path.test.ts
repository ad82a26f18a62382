import fc from "fast-check";
import { expect, test } from "vitest";
import { execPath } from "../../../src/nomad/exec-path.js";

const ignore = () => undefined;
const handlers = { onStdout: ignore, onStderr: ignore, onEnd: ignore, onDrain: ignore };

function opened(
  command: readonly string[],
  options: { allocationId?: string; namespace?: string; tty?: boolean } = {},
) {
  const { allocationId = "a", namespace = "default", tty = false } = options;
  const target = { allocationId, nodeId: "n" };
  return new URL(execPath(target, { command, tty, handlers }, namespace), "http://nomad");
}

test("every argument arrives as it is, a long one the second time, too", () => {
  const argument = fc.string({ unit: "binary", maxLength: 600 });
  fc.assert(
    fc.property(fc.array(argument, { minLength: 1, maxLength: 5 }), (command) => {
      for (const _ of [1, 2])
        expect(JSON.parse(opened(command).searchParams.get("command") ?? "")).toEqual(command);
    }),
  );
});

test("more long arguments than are kept arrive, too", () => {
  for (let each = 0; each < 100; each += 1) {
    const command = ["bash", `${each}`.repeat(1_000)];
    expect(JSON.parse(opened(command).searchParams.get("command") ?? "")).toEqual(command);
  }
});

test("names the allocation, the task, the terminal and the namespace", () => {
  const { pathname, searchParams } = opened(["true"], { allocationId: "a/b", namespace: "c&d", tty: true });
  expect(pathname).toBe("/v1/client/allocation/a%2Fb/exec");
  expect(searchParams.get("task")).toBe("default-task");
  expect(searchParams.get("tty")).toBe("true");
  expect(searchParams.get("namespace")).toBe("c&d");
});
