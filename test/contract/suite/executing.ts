import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ExecOutputFrame } from "../../../src/nomad/wire.js";
import { runnerJob } from "../jobs.js";
import { Lab } from "../lab.js";
import { call, Events, exec, openExec, type Target } from "../target.js";

/** The last three frames: both streams close, in either order, and then the exit is told. */
function expectEnd(frames: readonly ExecOutputFrame[], result: object): void {
  const closed = [...frames.slice(-3, -1)].sort((one) => (one.stdout === undefined ? 1 : -1));
  expect(closed).toEqual([{ stdout: { close: true } }, { stderr: { close: true } }]);
  expect(frames.at(-1)).toEqual({ exited: true, result });
}

/** Ends once the terminal has another size than at first. */
const SIZED = 'echo up; while [ "$(stty size)" = "0 0" ]; do sleep 0.05; done; stty size';
const stdin = (text: string) => ({ stdin: { data: Buffer.from(text).toString("base64") } });

/** Exec sessions. */
export function executingSuite(target: () => Target): void {
  describe("exec", () => {
    let allocation = "";
    const job = () => `${target().prefix}exec`;

    beforeAll(async () => {
      const events = await Events.open(target(), `topic=Allocation:${job()}&index=1000000000`);
      await call(target(), "POST", "/v1/jobs", runnerJob(target(), job(), { memoryMax: 256 }));
      const fits = (state?: string) => state === "running";
      const event = await events.waitFor("running", ({ Payload }) =>
        fits(Payload.Allocation?.TaskStates?.["default-task"]?.State),
      );
      allocation = event.Key;
      events.close();
    });

    afterAll(async () => {
      await call(target(), "DELETE", `/v1/job/${job()}?purge=true`);
    });

    const run = (script: string, options?: { readonly tty?: boolean }) =>
      exec(target(), allocation, ["/bin/bash", "-c", script], options);

    /** Runs a script once its shell is seen to be up: a busy Docker now and then takes a session for over that has hardly begun. */
    const runOnceUp = async (script: string) => {
      const command = ["/bin/bash", "-c", `echo up; read -r _; ${script}`];
      const session = openExec(target(), allocation, command);
      await session.waitForOutput((output) => output === "up\n");
      session.send(stdin("\n"));
      const result = await session.done;
      return { ...result, stdout: result.stdout.slice("up\n".length) };
    };

    test("true: both streams close, exited without a code comes last, no close frame", async () => {
      const result = await exec(target(), allocation, ["true"]);
      expect(result.frames).toHaveLength(3);
      expectEnd(result.frames, {});
      expect(result).toMatchObject({ code: 1006, reason: "" });
    });

    test("an exit code, and both streams apart", async ({ skip }) => {
      skip(!target().canRun, "needs commands that run");
      // It ends once its output has come: what comes late Nomad loses.
      const session = openExec(target(), allocation, [
        "/bin/bash",
        "-c",
        "echo out; echo err >&2; read -r _; exit 42",
      ]);
      await session.waitForOutput((output, errors) => output === "out\n" && errors === "err\n");
      session.send(stdin("\n"));
      const result = await session.done;
      expect(result).toMatchObject({ stdout: "out\n", stderr: "err\n", code: 1006 });
      expectEnd(result.frames, { exit_code: 42 });
    });

    test("a process that is killed exits with 128 and its signal", async ({ skip }) => {
      skip(!target().canRun, "needs commands that run");
      const result = await runOnceUp("sleep 100 & kill -9 $!; wait $!");
      expect(result.frames.at(-1)).toEqual({ exited: true, result: { exit_code: 137 } });
    });

    test("input, and its end", async ({ skip }) => {
      skip(!target().canRun, "needs commands that run");
      const session = openExec(target(), allocation, ["cat"]);
      session.send(stdin("hello\n"));
      await session.waitForOutput((output) => output === "hello\n");
      session.send({});
      session.send({ stdin: { close: true } });
      const result = await session.done;
      expect(result.stdout).toBe("hello\n");
      expect(result.frames.at(-1)).toEqual({ exited: true, result: {} });
    });

    test("data in the message that ends the input is lost", async ({ skip }) => {
      skip(!target().canRun, "needs commands that run");
      const session = openExec(target(), allocation, ["cat"]);
      session.send({ stdin: { ...stdin("both").stdin, close: true } });
      const result = await session.done;
      expect(result.stdout).toBe("");
      expect(result.frames.at(-1)).toEqual({ exited: true, result: {} });
    });

    test("the end of input on a TTY loses the output from then on", async ({ skip }) => {
      skip(!target().canRun, "needs commands that run");
      const session = openExec(target(), allocation, ["/bin/bash", "-c", "echo up; sleep 1; echo late"], {
        tty: true,
      });
      await session.waitForOutput((output) => output.includes("up"));
      session.send({ stdin: { close: true } });
      expect((await session.done).stdout).toBe("up\r\n");
    });

    test("frames carry at most 1,024 bytes", async ({ skip }) => {
      skip(!target().canRun, "needs commands that run");
      const { frames } = await run("head -c 3000 /dev/zero; sleep 0.3");
      const sizes = frames.flatMap((frame) =>
        frame.stdout?.data === undefined ? [] : Buffer.from(frame.stdout.data, "base64").length,
      );
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(3_000);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(1_024);
    });

    test("with a TTY: echo, line ends, no stderr, and 0x1c quits", async ({ skip }) => {
      skip(!target().canRun, "needs commands that run");
      const session = openExec(target(), allocation, ["cat"], { tty: true });
      session.send(stdin("hi\n"));
      await session.waitForOutput((output) => output === "hi\r\nhi\r\n");
      session.send(stdin("\x1c"));
      const result = await session.done;
      expect(result.stdout).toMatch(/^hi\r\nhi\r\n\^\\/);
      expect(result.stderr).toBe("");
      expect(result.frames.at(-1)).toEqual({ exited: true, result: { exit_code: 131 } });
    });

    test("the size of a TTY is 0 x 0, or what was sent", async ({ skip }) => {
      skip(!target().canRun, "needs commands that run");
      expect((await run("stty size", { tty: true })).stdout).toBe("0 0\r\n");
      const session = openExec(target(), allocation, ["/bin/bash", "-c", SIZED], {
        tty: true,
      });
      await session.waitForOutput((output) => output.includes("up"));
      session.send({ tty_size: { height: 40, width: 120 } });
      expect((await session.done).stdout).toContain("40 120\r\n");
    });

    test("a command that does not exist exits with 126 and words on stdout", async ({ skip }) => {
      skip(!target().canRun, "needs commands that run");
      const { frames, stdout } = await exec(target(), allocation, ["/no/such"]);
      const codes = target().isDocker ? [126] : [126, 127];
      expect(codes).toContain(frames.at(-1)?.result?.exit_code);
      if (target().isDocker) expect(stdout).toContain("/no/such");
    });

    test("runs as root in the image's working directory", async ({ skip }) => {
      skip(!target().hasWorkspace, "needs an image, or a sandbox that stands for one");
      expect((await runOnceUp("id -u; pwd; sleep 0.3")).stdout).toBe("0\n/workspace\n");
    });

    test("a process lives on when its connection breaks", async ({ skip }) => {
      skip(!target().canRun, "needs commands that run");
      const session = openExec(target(), allocation, ["/bin/bash", "-c", "echo $$; exec sleep 4321"]);
      let pid = "";
      await session.waitForOutput((output) => {
        pid = output.trim();
        return output.endsWith("\n");
      });
      session.terminate();
      await session.done;
      const look = await run(`sleep 0.5; tr '\\0' ' ' < /proc/${pid}/cmdline; kill ${pid}`);
      expect(look.stdout).toBe("sleep 4321 ");
    });

    test.each([false, true])(
      "a daemon that keeps the streams open does not hold the session (TTY %s)",
      async (tty) => {
        if (!target().canRun) return;
        const result = await run("trap '' HUP; sleep 31.4 & echo $!", { tty });
        expect(result.frames.at(-1)).toEqual({ exited: true, result: {} });
        const look = await run(
          `tr '\\0' ' ' < /proc/${result.stdout.trim()}/cmdline; kill ${result.stdout.trim()}`,
        );
        expect(look.stdout).toBe("sleep 31.4 ");
      },
    );

    test("a task that has not started yet", async () => {
      const lab = await Lab.open(target());
      const id = lab.id("exec-early");
      await lab.register(id);
      const { ID } = await lab.allocation(id, "placed", () => true);
      const result = await exec(target(), ID, ["true"]);
      // It may be there already, or Nomad's client may not have heard of it yet.
      if (result.code === 1008) {
        const words = [
          `task "default-task" not started yet.`,
          `Unknown allocation "${ID}"`,
          'task "default-task" is not running.',
        ];
        expect(words).toContain(result.reason);
      } else expect(result.frames.at(-1)).toEqual({ exited: true, result: {} });
    });

    test("an unknown allocation is upgraded, then closed with 1008", async () => {
      const nobody = "deadbeef-0000-0000-0000-000000000000";
      expect(await exec(target(), nobody, ["true"])).toMatchObject({
        frames: [],
        code: 1008,
        reason: `Unknown allocation "${nobody}"`,
      });
    });

    test("no task, no command, another task", async () => {
      expect(await exec(target(), allocation, ["true"], { task: "" })).toMatchObject({
        code: 1008,
        reason: "must provide task name",
      });
      expect(await exec(target(), allocation, [])).toMatchObject({
        code: 1008,
        reason: "command is not present",
      });
      expect(await exec(target(), allocation, ["true"], { task: "config" })).toMatchObject({
        code: 1011,
        reason: "task not found",
      });
    });

    test("a plain request is told to upgrade", async () => {
      const path = `/v1/client/allocation/${allocation}/exec?task=default-task&command=`;
      const answer = await call(target(), "GET", `${path}${encodeURIComponent('["true"]')}`);
      expect(answer.status).toBe(400);
      expect(answer.text).toContain("the client is not using the websocket protocol");
      expect(await call(target(), "GET", `${path}true`)).toMatchObject({ status: 500 });
    });

    test("a deregister ends sessions, with or without an exit", async ({ skip }) => {
      skip(!target().canRun, "needs commands that run");
      const lab = await Lab.open(target());
      const id = lab.id("exec-deregister");
      const { ID } = await lab.run(id);
      const session = openExec(target(), ID, ["/bin/bash", "-c", "echo up; sleep 100"]);
      await session.waitForOutput((output) => output === "up\n");
      await lab.purge(id);
      const result = await session.done;
      expect(result.code).toBe(1006);
      // Whether Nomad still looks at the process in time is a race: 137, or no word of an exit at all.
      const exited = result.frames.find((frame) => frame.exited === true);
      expect([undefined, 137]).toContain(exited?.result?.exit_code);
      // Its client forgets it a moment after the session's end.
      await expect
        .poll(() => exec(target(), ID, ["true"]), { timeout: 20_000 })
        .toMatchObject({ code: 1008, reason: `Unknown allocation "${ID}"` });
    });
  });
}
