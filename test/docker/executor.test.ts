import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Executor, RunningTask, TaskSpec } from "../../src/agent/executor.js";
import { chooseExecutor } from "../../src/agent/executors/choose.js";
import { DockerClient } from "../../src/agent/executors/docker/client.js";
import { OWNER_LABEL } from "../../src/agent/executors/docker/owner.js";
import { dockerSocket } from "../../src/agent/executors/docker/socket.js";
import { silentLogger } from "../../src/telemetry/silent-logger.js";
import { bash, run, taskSpec } from "../unit/agent/executors/collect.js";
import { dockerImage } from "./docker-agent.js";

const dockerHost = process.env.DOCKER_HOST;
const client = new DockerClient(dockerSocket(dockerHost));
const connect = () => chooseExecutor({ name: "docker", dockerHost, logger: silentLogger });

/** The ids of the containers with a label. */
async function containers(label: string): Promise<string[]> {
  const query = { all: "true", filters: JSON.stringify({ label: [label] }) };
  const found = await client.call({ method: "GET", path: "/containers/json", query });
  return (found as { Id: string }[]).map(({ Id }) => Id);
}

describe("the docker executor", () => {
  let executor: Executor;
  let task: RunningTask;
  const start = (changes: Partial<TaskSpec> & { config?: object } = {}) =>
    executor.start(
      taskSpec({ jobId: "79-docker", driverConfig: { image: dockerImage, ...changes.config }, ...changes }),
    );

  beforeAll(async () => {
    executor = await connect();
  });
  afterAll(() => executor.close());
  beforeEach(async () => {
    task = await start();
  });
  afterEach(() => task.stop());

  it("passes on output, exit codes, arguments and signals", async () => {
    expect(await run(task, bash("echo out; echo err >&2; exit 7"))).toEqual({
      code: 7,
      stdout: "out\n",
      stderr: "err\n",
    });
    expect((await run(task, bash("kill -9 $$"))).code).toBe(137);
    const odd = ["", " ", "a'b\"c$d`e\\f", "new\nline", "ümläut", "-n"];
    const { stdout } = await run(task, ["printf", "<%s>", ...odd]);
    expect(stdout).toBe(odd.map((argument) => `<${argument}>`).join(""));
  });

  it("passes input on and its end", async () => {
    expect((await run(task, ["wc", "-c"], { input: "x".repeat(1_000_000) })).stdout).toBe("1000000\n");
    // What nobody reads Docker holds for a minute and more; the process has ended all the same.
    const unread = await task.exec({ command: ["true"], tty: false });
    unread.write(Buffer.alloc(1_000_000, "x"));
    expect(await unread.exited).toBe(0);
    unread.detach();
  });

  it.each([false, true])("passes on 100 MB, terminal: %s", async (tty) => {
    const process = await task.exec({ command: bash("head -c 100000000 /dev/zero; printf end"), tty });
    let bytes = 0;
    let last = "";
    process.onStdout = (chunk) => {
      bytes += chunk.length;
      last = (last + chunk.subarray(-3).toString()).slice(-3);
    };
    expect(await process.exited).toBe(0);
    await process.drained;
    expect([bytes, last]).toEqual([100_000_003, "end"]);
  });

  it("stops reading while it is paused, so that the command waits", async () => {
    const process = await task.exec({ command: bash("head -c 50000000 /dev/zero"), tty: false });
    let bytes = 0;
    let ended = false;
    const first = new Promise<void>((resolve) => {
      process.onStdout = (chunk) => {
        if (bytes === 0) process.pause();
        bytes += chunk.length;
        resolve();
      };
    });
    void process.exited.then(() => {
      ended = true;
    });
    await first;
    const before = bytes;
    // Another command runs from beginning to end meanwhile.
    await run(task, bash("head -c 5000000 /dev/zero >/dev/null; sleep 0.1"));
    expect([bytes, ended]).toEqual([before, false]);
    process.resume();
    expect(await process.exited).toBe(0);
    await process.drained;
    expect(bytes).toBe(50_000_000);
  });

  it("ends with its own command", async () => {
    expect(await (await start({ command: ["bash", "-c", "exit 3"] })).exited).toEqual({
      exitCode: 3,
      signal: 0,
      oomKilled: false,
    });
    await expect(start({ command: ["no-such-program"] })).rejects.toThrow('exec: "no-such-program"');
  });

  it("says when PID 1 was killed for its memory, and not when another process was", async () => {
    const command = ["bash", "-c", "until [ -e /tmp/eat ]; do sleep 0.01; done; exec tail /dev/zero"];
    const eater = await start({ memory: 32, command });
    expect((await run(eater, bash("tail /dev/zero; echo $?"))).stdout).toBe("137\n");
    await run(eater, ["touch", "/tmp/eat"]);
    expect(await eater.exited).toEqual({ exitCode: 137, signal: 0, oomKilled: true });
  });

  it("is stopped with everything in it", async () => {
    const process = await task.exec({
      command: bash("setsid sleep 1000 & echo up; sleep 1000; :"),
      tty: true,
    });
    await new Promise<void>((resolve) => {
      process.onStdout = () => resolve();
    });
    await Promise.all([task.stop(), task.stop()]);
    expect(await process.exited).toBe(137);
    expect(await task.exited).toEqual({ exitCode: 137, signal: 0, oomKilled: false });
    await expect(task.exec({ command: ["true"], tty: false })).rejects.toThrow("not running");
  });

  it("holds a fork bomb, and can be stopped", async () => {
    const process = await task.exec({ command: bash("b() { b | b & }; b; wait"), tty: false });
    let refused: () => void;
    const full = new Promise<void>((resolve) => {
      refused = resolve;
    });
    process.onStderr = (chunk) => {
      if (chunk.includes("fork")) refused();
    };
    await full;
    await task.stop();
    expect((await task.exited).exitCode).toBe(137);
  });

  it("gives the container what its job asks for, and refuses what it cannot", async () => {
    const config = {
      image: dockerImage,
      pids_limit: 77,
      init: true,
      cap_drop: ["all"],
      cap_add: ["chown"],
      // Not the open files': runc up to 1.1.12 races with Go over those of an exec (opencontainers/runc#4195).
      ulimit: [{ msgqueue: "4321:8765" }],
    };
    const own = await start({ driverConfig: config });
    const text =
      "cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max; ulimit -q; cat /proc/1/comm; grep CapEff /proc/self/status";
    const { stdout } = await run(own, bash(`exec 2>/dev/null; ${text}`));
    expect(stdout).toBe("77\n4321\ndocker-init\nCapEff:\t0000000000000001\n");
    await own.stop();
    await expect(start({ driverConfig: { image: dockerImage, privileged: true } })).rejects.toThrow(
      "privileged",
    );
    await expect(start({ driverConfig: {} })).rejects.toThrow("image");
  });

  it("says why an image cannot be had", async () => {
    const image = "127.0.0.1:1/no-such-image:1";
    await expect(start({ driverConfig: { image } })).rejects.toThrow(`Failed to pull \`${image}\`: `);
    await expect(start({ driverConfig: { image: dockerImage, force_pull: true } })).rejects.toThrow(
      "Failed to pull",
    );
  });

  it("leaves nothing when it is closed, and removes what one that was killed left", async () => {
    const create = async (owner: string, name: string) => {
      const labels = { [OWNER_LABEL]: owner, name };
      const json = { Image: dockerImage, Cmd: ["sleep", "infinity"], Labels: labels };
      const { Id } = (await client.call({ method: "POST", path: "/containers/create", json })) as {
        Id: string;
      };
      await client.call({ method: "POST", path: `/containers/${Id}/start` });
    };
    const name = `left-${process.pid}`;
    await create("another-start-of-the-machine/pid:[1]/poseidon-1-1-1", name);
    await create("unreadable", `${name}-unknown`);
    const other = await connect();
    try {
      expect(await containers(`name=${name}`)).toEqual([]);
      const [unknown] = await containers(`name=${name}-unknown`);
      expect(unknown).toBeDefined();
      await client.call({ method: "DELETE", path: `/containers/${unknown}`, query: { force: "true" } });
      // A living agent's are left alone.
      expect((await run(task, ["echo", "alive"])).stdout).toBe("alive\n");
      await other.start(taskSpec({ jobId: "79-other", driverConfig: { image: dockerImage } }));
      expect(await containers("org.openhpi.poseidon.job=79-other")).toHaveLength(1);
    } finally {
      await other.close();
    }
    expect(await containers("org.openhpi.poseidon.job=79-other")).toEqual([]);
  });
});
