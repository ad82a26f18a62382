import { rmSync } from "node:fs";
import { afterAll, describe, expect, it, vi } from "vitest";
import { openCgroups } from "../../../../src/agent/executors/cgroups/open.js";
import { probeSandbox } from "../../../../src/agent/executors/sandbox/probe.js";
import { leftOf } from "../../../support/left-of.js";
import { processesWith } from "./collect.js";
import { compileExecutors, startElsewhere } from "./compiled.js";

const probe = await probeSandbox();
await probe.executor?.close();
const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;
const folder = compileExecutors();
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

describe.each(["sandbox", "process"])("the %s executor in a process of its own", (executor) => {
  const skipped = executor === "sandbox" && probe.executor === undefined;
  if (skipped)
    console.warn(`tests of the sandbox are skipped: ${probe.executor === undefined ? probe.reason : ""}`);
  const number = () => {
    count += 1;
    return `8640${count}.${process.pid}`;
  };

  it.skipIf(skipped)("leaves nothing when it is closed", async () => {
    const seconds = number();
    const { child } = await startElsewhere(folder, { executor, number: seconds });
    expect((await processesWith(seconds)).length).toBeGreaterThanOrEqual(3);
    child.stdin?.write("\n");
    await new Promise((resolve) => child.once("exit", resolve));
    expect([await processesWith(seconds), leftOf(child.pid)]).toEqual([[], []]);
  });

  it.skipIf(skipped)("leaves nothing when it is killed, once the next one has started", async () => {
    const seconds = number();
    const { child } = await startElsewhere(folder, { executor, number: seconds });
    child.kill("SIGKILL");
    await vi.waitFor(async () => expect(await processesWith(seconds)).toEqual([]), 5000);
    await openCgroups()?.close();
    await vi.waitFor(() => expect(leftOf(child.pid)).toEqual([]), 5000);
  });

  it.skipIf(skipped || !isRoot)("works for an ordinary user, and says what it cannot do", async () => {
    const seconds = number();
    const { child, notices, identity } = await startElsewhere(folder, {
      executor,
      number: seconds,
      uid: NOBODY,
    });
    try {
      expect(notices.join()).toContain("Control groups cannot be written");
      expect(notices.join()).toContain(executor === "sandbox" ? "one user id only" : "DANGER");
      expect(identity.split("\n")[0]).toBe(executor === "sandbox" ? "0" : String(NOBODY));
    } finally {
      child.kill("SIGKILL");
    }
    await vi.waitFor(async () => expect(await processesWith(seconds)).toEqual([]), 5000);
    await vi.waitFor(() => expect(leftOf(child.pid)).toEqual([]), 5000);
  });
});
