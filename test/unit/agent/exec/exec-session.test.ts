import { expect, test } from "vitest";
import WebSocket from "ws";
import type { ExecProcess, Executor, RunningTask } from "../../../../src/agent/executor.js";
import { createNullExecutor } from "../../../../src/agent/executors/null.js";
import { Lab } from "../../../contract/lab.js";
import { call, exec, openExec, type Target } from "../../../contract/target.js";
import { startAgent } from "../start-agent.js";

/** A process whose streams the test holds in its hands. */
class HandProcess implements ExecProcess {
  onStdout: (chunk: Buffer) => void = () => undefined;
  onStderr: (chunk: Buffer) => void = () => undefined;
  onDrain: () => void = () => undefined;
  readonly written: string[] = [];
  paused = false;
  inputEnded = false;
  detached = false;
  size: unknown;
  takesInput = true;
  exit: (code: number) => void = () => undefined;
  drain: () => void = () => undefined;
  onPause: () => void = () => undefined;
  onResume: () => void = () => undefined;
  readonly exited = new Promise<number>((resolve) => {
    this.exit = resolve;
  });
  readonly drained = new Promise<void>((resolve) => {
    this.drain = resolve;
  });

  write(chunk: Buffer): boolean {
    this.written.push(chunk.toString());
    return this.takesInput;
  }
  endInput(): void {
    this.inputEnded = true;
  }
  resize(size: unknown): void {
    this.size = size;
  }
  pause(): void {
    this.paused = true;
    this.onPause();
  }
  resume(): void {
    this.paused = false;
    this.onResume();
  }
  detach(): void {
    this.detached = true;
  }
}

/** An agent in which every exec is `process`. */
async function startWith(
  process: HandProcess,
  options: object = {},
): Promise<{ readonly target: Target; readonly allocation: string; readonly lab: Lab }> {
  const base = createNullExecutor();
  const executor: Executor = {
    ...base,
    start: async (spec) => {
      const task = await base.start(spec);
      const hand: RunningTask = { exited: task.exited, stop: () => task.stop(), exec: async () => process };
      return hand;
    },
  };
  const lab = await Lab.open(await startAgent({ executor, ...options }));
  return { target: lab.target, allocation: (await lab.run("990-a")).ID, lab };
}

test("a client that does not read has the process paused, at bounded memory, and loses nothing", async () => {
  const process = new HandProcess();
  const { target, allocation } = await startWith(process);
  const paused = new Promise<void>((resolve) => {
    process.onPause = resolve;
  });
  const url = `${target.address.replace("http", "ws")}/v1/client/allocation/${allocation}/exec?task=default-task&command=["x"]`;
  const socket = new WebSocket(url, { headers: { "X-Nomad-Token": "secret" } });
  await new Promise((resolve) => socket.once("open", resolve));
  socket.pause();
  const chunk = Buffer.alloc(65_536, "x");
  let sent = 0;
  let isPaused = false;
  void paused.then(() => {
    isPaused = true;
  });
  while (!isPaused && sent < 200_000_000) {
    if (!process.paused) {
      process.onStdout(chunk);
      sent += chunk.length;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(isPaused).toBe(true);
  // What the kernel's buffers and ours hold, not more.
  expect(sent).toBeLessThan(40_000_000);
  const resumed = new Promise<void>((resolve) => {
    process.onResume = resolve;
  });
  let received = 0;
  socket.on("message", (data) => {
    const frame = JSON.parse(String(data)) as { stdout?: { data?: string } };
    received += Buffer.from(frame.stdout?.data ?? "", "base64").length;
  });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.resume();
  await resumed;
  process.exit(0);
  process.drain();
  await closed;
  expect(received).toBe(sent);
});

test("input waits for a process that does not take it", async () => {
  const process = new HandProcess();
  process.takesInput = false;
  const { target, allocation } = await startWith(process);
  const session = openExec(target, allocation, ["x"]);
  session.send({ stdin: { data: Buffer.from("one").toString("base64") } });
  session.send({ tty_size: { height: 4, width: 9 } });
  session.send({ stdin: { data: Buffer.from("two").toString("base64") } });
  session.send({ stdin: { close: true } });
  while (process.written.length === 0) await new Promise((resolve) => setImmediate(resolve));
  process.takesInput = true;
  process.onDrain();
  while (!process.inputEnded) await new Promise((resolve) => setImmediate(resolve));
  expect(process.written).toEqual(["one", "two"]);
  expect(process.size).toEqual({ height: 4, width: 9 });
  process.exit(3);
  process.drain();
  expect((await session.done).frames.at(-1)).toEqual({ exited: true, result: { exit_code: 3 } });
});

test("the process is let go, not ended, when the connection breaks", async () => {
  const process = new HandProcess();
  const { target, allocation } = await startWith(process);
  const session = openExec(target, allocation, ["x"]);
  session.send({ stdin: { data: "YQ==" } });
  while (process.written.length === 0) await new Promise((resolve) => setImmediate(resolve));
  session.terminate();
  while (!process.detached) await new Promise((resolve) => setImmediate(resolve));
  expect(process.inputEnded).toBe(false);
});

test("with Nomad's losses switched on, output after the end is cut", async () => {
  const process = new HandProcess();
  const { target, allocation } = await startWith(process, { emulateExecTruncation: true });
  const session = openExec(target, allocation, ["x"]);
  session.send({ stdin: { data: "YQ==" } });
  while (process.written.length === 0) await new Promise((resolve) => setImmediate(resolve));
  process.onStdout(Buffer.from("early"));
  process.exit(0);
  const result = await session.done;
  process.onStdout(Buffer.from("late"));
  process.drain();
  expect(result.stdout).toBe("early");
  expect(result.frames.at(-1)).toEqual({ exited: true, result: {} });
});

test("faults: cut, forgotten exit, slow frames", async () => {
  const process = new HandProcess();
  const { target, allocation } = await startWith(process);
  const inject = (fault: object) => call(target, "POST", "/v1/faults", fault);
  await inject({ fault: "forget-exited" });
  await inject({ fault: "slow-exec", delay: 1 });
  const session = openExec(target, allocation, ["x"]);
  session.send({ stdin: { data: "YQ==" } });
  while (process.written.length === 0) await new Promise((resolve) => setImmediate(resolve));
  process.onStdout(Buffer.from("slow"));
  await session.waitForOutput((output) => output === "slow");
  process.exit(0);
  process.drain();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await inject({ fault: "cut-exec", allocation })).body).toEqual({ cut: 1 });
  const result = await session.done;
  expect(result.code).toBe(1006);
  expect(result.frames.some((frame) => frame.exited === true)).toBe(false);
});

test("a command that cannot be started closes with 1011 and the reason", async () => {
  const base = createNullExecutor();
  const executor: Executor = {
    ...base,
    start: async (spec) => {
      const task = await base.start(spec);
      return {
        exited: task.exited,
        stop: () => task.stop(),
        exec: () => Promise.reject(new Error("no room")),
      };
    },
  };
  const lab = await Lab.open(await startAgent({ executor }));
  const { ID } = await lab.run("990-a");
  expect(await exec(lab.target, ID, ["x"])).toMatchObject({ code: 1011, reason: "no room" });
});
