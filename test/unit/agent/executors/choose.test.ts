import { describe, expect, it } from "vitest";
import { chooseExecutor } from "../../../../src/agent/executors/choose.js";
import { isInstalled } from "../../../../src/agent/executors/install-bubblewrap.js";
import { silentLogger as logger } from "../silent-logger.js";

describe("chooseExecutor", () => {
  it("takes the one that is named", async () => {
    for (const name of ["process", "null"] as const) {
      const executor = await chooseExecutor({ name, logger });
      expect(executor.name).toBe(name);
      await executor.close();
    }
    const dockerHost = "unix:///nowhere/docker.sock";
    await expect(chooseExecutor({ name: "docker", dockerHost, logger })).rejects.toThrow(
      "there is no Docker at unix:///nowhere/docker.sock: connect ENOENT",
    );
  });

  it("takes sandboxes where they can be had, else plain processes, and says why", async () => {
    const executor = await chooseExecutor({ logger });
    try {
      if (executor.name === "sandbox") expect(isInstalled("bwrap")).toBe(true);
      else expect(executor.notices[0]).toMatch(/DANGER: .* Why: /);
    } finally {
      await executor.close();
    }
  });

  it("looks for programs in the folders of a path", () => {
    expect([
      isInstalled("sh", "/nowhere::/bin"),
      isInstalled("sh", "/nowhere"),
      isInstalled("sh", ""),
    ]).toEqual([true, false, false]);
  });
});
