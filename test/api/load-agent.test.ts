import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BenchClient } from "../../bench/client.js";
import { connect, execute, prepare } from "../../bench/execution.js";
import { cannedCommands } from "../../bench/scale/canned-commands.js";
import { createNullExecutor } from "../../src/agent/executors/null.js";
import { Lab } from "../support/lab.js";

let lab: Lab;
let client: BenchClient;
let runner: string;

beforeAll(async () => {
  lab = await Lab.start({ executor: createNullExecutor({ exec: cannedCommands() }) });
  const { target } = (await lab.server()).client;
  client = new BenchClient({ url: target.baseUrl, token: target.token });
  await client.createEnvironment(1, { image: "any", prewarmingPoolSize: 1, cpuLimit: 1, memoryLimit: 10 });
  await client.untilIdle(1, 1);
  runner = await client.claim(1);
});

afterAll(async () => {
  await client.close();
  await lab.stop();
});

test("the agent of the load tests answers as the server's shell texts do, several commands at once", async () => {
  const lines: string[] = [];
  const onOutput = (data: string): void => {
    lines.push(...data.split("\r\n").filter((line) => line !== ""));
  };
  const results = await Promise.all([
    execute(client, runner, "true"),
    execute(client, runner, "tick 3 5", { onOutput }),
  ]);
  expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(Number(line)).toBeGreaterThan(1e12);
});

test("a flood goes on when its client reads again", async () => {
  const socket = connect(client, await prepare(client, runner, "flood", 0));
  await once(socket, "open");
  socket.pause();
  let length = 0;
  await new Promise<void>((resolve) => {
    socket.on("message", (data) => {
      length += String(data).length;
      // More than all buffers on the way hold.
      if (length > 20_000_000) resolve();
    });
    socket.resume();
  });
  socket.terminate();
});
