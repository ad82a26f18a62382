import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import type { TestServer } from "../support/server.js";
import type { Containers } from "./suite.js";

const TEMPLATE = new URL("../../deploy/templates/hardened.json", import.meta.url);

/** The hardened template (nomad.md, "Exec sessions"; docs/hardening.md says why). */
export function hardeningSuite(containers: () => Containers): void {
  describe("the hardened template", () => {
    let server: TestServer;
    beforeAll(async () => {
      server = await containers().server({ template: await readFile(TEMPLATE, "utf8") });
    });

    test("holds a fork bomb, drops capabilities, reaps orphans, and all the rest works", async () => {
      const { client } = server;
      await client.put(7_020, { image: containers().image });
      const runner = await client.claim(7_020);
      const run = async (command: string, privilegedExecution = true): Promise<string> =>
        (await client.run(runner, { command, privilegedExecution })).stdout.replaceAll("\r", "");
      const limit = await run("cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null");
      expect(limit).toBe("512\n");
      expect(await run("cat /proc/1/comm")).toMatch(/init|tini/);
      // CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID
      expect(await run("grep CapEff /proc/self/status")).toBe("CapEff:\t00000000000000fb\n");
      expect(await run("(sleep 0.1 &) ; sleep 0.5; ps -eo stat | grep -c Z")).toBe("0\n");
      expect(await run("whoami", false)).toBe("user\n");
      expect((await client.write(runner, "a/b", "content")).status).toBe(204);
      expect((await client.download(runner, { path: "a/b" })).text).toBe("content");
      const bomb = await client.run(runner, { command: "b() { b | b & }; b; wait", timeLimit: 3 });
      expect(["timeout", "exit", "error"]).toContain(bomb.last?.type);
      // The server and other runners go on.
      const other = await client.claim(7_020);
      expect((await client.run(other, { command: "echo alive" })).stdout).toBe("alive\r\n");
      expect([204, 410]).toContain((await client.release(runner)).status);
      await client.call("DELETE", "/execution-environments/7020");
    });
  });
}
