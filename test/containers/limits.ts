import { beforeAll, describe, expect, test } from "vitest";
import type { TestServer } from "../support/server.js";
import { until } from "../support/until.js";
import type { Containers } from "./suite.js";

/** A PID 1 that takes all memory once it is told to; the image's own command stays behind it. */
const EATER = JSON.stringify({
  TaskGroups: [
    {
      Name: "default-group",
      Tasks: [
        {
          Name: "default-task",
          Driver: "docker",
          Config: {
            entrypoint: [
              "/bin/bash",
              "-c",
              "until [ -e /tmp/eat ]; do sleep 0.05; done; exec tail /dev/zero",
            ],
          },
          Resources: { MemoryMB: 50 },
        },
      ],
    },
  ],
});

/** Memory and processor of runners (nomad.md, "Job layout"; execution.md, "Ways an execution ends"). */
export function limitsSuite(containers: () => Containers): void {
  describe("limits", () => {
    let server: TestServer;
    let eater: TestServer;
    beforeAll(async () => {
      server = await containers().server();
      eater = await containers().server({ template: EATER });
    });

    test("a command past the memory limit is killed with 137, and its runner lives", async () => {
      const { client } = server;
      await client.put(7_000, { image: containers().image, memoryLimit: 64 });
      const runner = await client.claim(7_000);
      const eaten = await client.run(runner, { command: "tail /dev/zero" });
      expect(eaten.last).toEqual({ type: "exit", data: 137 });
      const shell = await client.run(runner, { command: "tail /dev/zero; echo $?" });
      expect(shell.stdout).toMatch(/137\r\n$/);
      expect((await client.run(runner, { command: "echo alive" })).stdout).toBe("alive\r\n");
      // 32 MB fit.
      const fits = await client.run(runner, { command: "head -c 32000000 /dev/zero | tail | wc -c" });
      expect(fits.stdout).toBe("32000000\r\n");
      expect((await client.release(runner)).status).toBe(204);
      await client.call("DELETE", "/execution-environments/7000");
    });

    test("PID 1 past it ends the allocation: the client is told, the runner goes and is replaced", async () => {
      const { client } = eater;
      await client.put(7_001, { image: containers().image, memoryLimit: 64 });
      const runner = await client.claim(7_001);
      await eater.settled(7_001, { idle: 1, used: 1 }, { within: 30_000 });
      const command = "echo up; touch /tmp/eat; sleep 100";
      const { last, code, messages } = await client.run(runner, { command });
      expect([last, code]).toEqual([{ type: "error", data: "the allocation was OOM Killed" }, 1000]);
      expect(messages.filter(({ type }) => type !== "stdout" && type !== "start")).toHaveLength(1);
      expect((await client.list(runner)).status).toBe(410);
      await eater.settled(7_001, { idle: 1, used: 0 }, { within: 30_000 });
      await until("the job's end", async () => (await containers().nomad.job(runner.id)) === undefined);
      const next = await client.claim(7_001);
      expect(next.id).not.toBe(runner.id);
      expect((await client.run(next, { command: "echo fresh" })).stdout).toBe("fresh\r\n");
      await client.call("DELETE", "/execution-environments/7001");
    });

    test("an idle runner whose PID 1 was killed for its memory stays or is replaced, and the pool is exact", async () => {
      const { client } = eater;
      await client.put(7_002, { image: containers().image, memoryLimit: 64 });
      await eater.settled(7_002, { idle: 1 }, { within: 30_000 });
      const [id = ""] = await containers().nomad.jobIds("7002-");
      await eatAt(containers(), id);
      await until("the pool's loss", async () => (await eater.figures(7_002))?.idleRunners === 0);
      // It starts again in its allocation after the restart policy's 15 s.
      await eater.settled(7_002, { idle: 1 }, { within: 60_000 });
      const runner = await client.claim(7_002);
      expect((await client.run(runner, { command: "ls /tmp/eat" })).last).toEqual({ type: "exit", data: 2 });
      await client.call("DELETE", "/execution-environments/7002");
    });

    test("the processor is shared by cpuLimit", async () => {
      const { client } = server;
      await client.put(7_003, { image: containers().image, cpuLimit: 37 });
      const runner = await client.claim(7_003);
      const command = "cat /sys/fs/cgroup/cpu/cpu.shares /sys/fs/cgroup/cpu.weight 2>/dev/null";
      const { stdout } = await client.run(runner, { command });
      // Version 2 has weights, made from shares.
      expect(["37\r\n", `${1 + Math.floor(((37 - 2) * 9_999) / 262_142)}\r\n`]).toContain(stdout);
      await client.call("DELETE", "/execution-environments/7003");
    });
  });
}

/** Sends a runner's PID 1 to its end, behind the server's back. */
async function eatAt({ nomad }: Containers, jobId: string): Promise<void> {
  const { ID } = await nomad.allocation(jobId);
  const { address, token, namespace } = nomad.place;
  const query = new URLSearchParams({
    task: "default-task",
    tty: "false",
    namespace,
    command: JSON.stringify(["touch", "/tmp/eat"]),
  });
  const { WebSocket } = await import("ws");
  const url = `${address.replace(/^http/, "ws")}/v1/client/allocation/${ID}/exec?${query}`;
  const socket = new WebSocket(url, { headers: token === "" ? {} : { "X-Nomad-Token": token } });
  await new Promise<void>((resolve, reject) => {
    socket.once("close", () => resolve());
    socket.once("error", reject);
  });
}
