import { expect, it } from "vitest";
import type { RunningTask } from "../../../../src/agent/executor.js";
import { bash, processesWith, run } from "./collect.js";

/** What holds for a command in any executor's task (runner-shell.md, what must hold). */
export function describesCommands(task: () => RunningTask): void {
  it("passes on output, exit codes and signals", async () => {
    expect(await run(task(), bash("echo out; echo err >&2; exit 7"))).toEqual({
      code: 7,
      stdout: "out\n",
      stderr: "err\n",
    });
    expect((await run(task(), bash("exit 255"))).code).toBe(255);
    expect((await run(task(), bash("kill -9 $$"))).code).toBe(137);
    expect((await run(task(), bash("kill -TERM $$"))).code).toBe(143);
    expect((await run(task(), ["no-such-program"])).code).toBe(127);
  });

  it("passes arguments exactly", async () => {
    const odd = ["", " ", "a'b\"c$d`e\\f", "new\nline", "ümläut", "-n", "x=y"];
    const shown = odd.map((argument) => `<${argument}>`).join("");
    expect((await run(task(), ["printf", "<%s>", ...odd])).stdout).toBe(shown);
    const { stdout } = await run(task(), ["printf", "<%s>", ...odd], { tty: true });
    expect(stdout).toBe(shown.replace("\n", "\r\n"));
  });

  it("takes a command of 100 KiB, on a terminal too", async () => {
    const text = `printf %s '$'; : ${"\\'".repeat(50 * 1024)}`;
    expect(await run(task(), bash(text))).toMatchObject({ code: 0, stdout: "$" });
    expect(await run(task(), bash(text), { tty: true })).toMatchObject({ code: 0, stdout: "$" });
  });

  it("gives real pipes: /dev/stdin, /dev/stdout and /dev/stderr can be opened, by the other user too", async () => {
    const text = "cat /dev/stdin; echo out >/dev/stdout; echo err >/dev/stderr";
    const expected = { code: 0, stdout: "inout\n", stderr: "err\n" };
    expect(await run(task(), bash(text), { input: "in" })).toEqual(expected);
    expect(await run(task(), ["/sbin/setuser", "user", ...bash(text)], { input: "in" })).toEqual(expected);
  });

  it("lets /dev/stdin be opened after its writer has closed", async () => {
    const process = await task().exec({
      command: bash("read -r line; read -r none; cat /dev/stdin; echo $line"),
      tty: false,
    });
    let stdout = "";
    process.onStdout = (chunk) => {
      stdout += chunk.toString();
    };
    process.write(Buffer.from("first\n"));
    process.endInput();
    expect(await process.exited).toBe(0);
    await process.drained;
    expect(stdout).toBe("first\n");
  });

  it("extracts a tar from /dev/stdin", async () => {
    const text =
      "mkdir t; echo content >t/f; tar -cf a.tar t/f; rm -r t; tar --extract --file=/dev/stdin <a.tar; cat t/f";
    expect((await run(task(), bash(`cd "$(mktemp -d)"; ${text}`))).stdout).toBe("content\n");
  });

  it("does not let bash take itself for a remote shell", async () => {
    const home = (await run(task(), bash("echo 'echo from bashrc' >~/.bashrc; echo $HOME"))).stdout;
    expect(home).toMatch(/^\/.+\n$/);
    expect((await run(task(), bash("true"))).stdout).toBe("");
  });

  it("leaves no descriptors open", async () => {
    expect((await run(task(), bash("ls /proc/self/fd | tr '\\n' ' '"))).stdout).toBe("0 1 2 3 ");
    expect((await run(task(), bash("ls /proc/self/fd | tr '\\n' ' '"), { tty: true })).stdout).toBe(
      "0 1 2 3 ",
    );
  });

  it("shows nothing of this process's environment", async () => {
    process.env.POSEIDON_TEST_SECRET = "a secret";
    try {
      const everything = await run(
        task(),
        bash("cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null; env"),
      );
      expect(everything.stdout).toContain("NOMAD_ALLOC_ID=an id");
      expect(everything.stdout).not.toContain("POSEIDON_TEST_SECRET");
    } finally {
      delete process.env.POSEIDON_TEST_SECRET;
    }
  });

  it("gives a terminal with echo, no size and the codes of its keys", async () => {
    const { stdout, code } = await run(
      task(),
      bash("tty; stty size; echo $TERM; read -r line; echo got $line"),
      {
        tty: true,
        input: "typed\n",
      },
    );
    expect(stdout).toMatch(/\/dev\/pts\/\d+\r\n/);
    expect(stdout).toContain("\r\n0 0\r\nxterm\r\n");
    expect(stdout.match(/typed\r\n/g)).toHaveLength(2);
    expect(code).toBe(0);
    const quit = await run(task(), bash("trap 'exit 131' QUIT; echo ready; while :; do sleep 0.01; done"), {
      tty: true,
      during: (process, text) => text.endsWith("ready\r\n") && process.write(Buffer.from([0x1c])),
    });
    expect(quit.code).toBe(131);
  });

  it("sets the size of a terminal", async () => {
    let asked = false;
    const { stdout } = await run(
      task(),
      // stty sets rows and columns one after the other, with a signal for each.
      bash(
        `trap '[[ $(stty size) == "33 99" ]] && echo set && exit' WINCH; echo ready; while :; do sleep 0.01; done`,
      ),
      {
        tty: true,
        during: (process, text) => {
          if (asked || !text.includes("ready")) return;
          asked = true;
          process.resize({ height: 33, width: 99 });
        },
      },
    );
    expect(stdout).toBe("ready\r\nset\r\n");
  });

  it.each([false, true])("passes on 100 MB, terminal: %s", { timeout: 60_000 }, async (tty) => {
    const process = await task().exec({ command: bash("head -c 100000000 /dev/zero; printf end"), tty });
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
    const process = await task().exec({ command: bash("head -c 5000000 /dev/zero"), tty: false });
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
    await run(task(), bash("head -c 5000000 /dev/zero >/dev/null; sleep 0.1"));
    expect([bytes, ended]).toEqual([before, false]);
    process.resume();
    expect(await process.exited).toBe(0);
    await process.drained;
    expect(bytes).toBe(5_000_000);
  });

  it("asks its writer to wait past 256 KiB, and says when to go on", async () => {
    const process = await task().exec({
      command: bash(`until [ -e "\${TMPDIR:-/tmp}/go" ]; do sleep 0.01; done; wc -c`),
      tty: false,
    });
    let written = 0;
    while (process.write(Buffer.alloc(16 * 1024, "x"))) written += 1;
    expect(written * 16).toBeGreaterThanOrEqual(240);
    expect(written * 16).toBeLessThan(1024);
    const drained = new Promise<void>((resolve) => {
      process.onDrain = resolve;
    });
    let stdout = "";
    process.onStdout = (chunk) => {
      stdout += chunk.toString();
    };
    await run(task(), bash(`touch "\${TMPDIR:-/tmp}/go"`));
    await drained;
    process.endInput();
    expect(await process.exited).toBe(0);
    await process.drained;
    expect(Number(stdout)).toBe((written + 1) * 16 * 1024);
  });

  it("lets a command be stopped and go on", async () => {
    const state = "cut -d ' ' -f 3 /proc/$$/stat";
    const text = `(until [[ $(${state}) == T ]]; do sleep 0.01; done; kill -CONT $$) & kill -STOP $$; exit 9`;
    expect((await run(task(), bash(text))).code).toBe(9);
  });

  it("can be stopped while a command is", async () => {
    const process = await task().exec({ command: bash("echo $$; kill -STOP $$"), tty: false });
    const pid = await new Promise<string>((resolve) => {
      process.onStdout = (chunk) => resolve(chunk.toString().trim());
    });
    await run(task(), bash(`until [[ $(cut -d ' ' -f 3 /proc/${pid}/stat) == T ]]; do sleep 0.01; done`));
    await task().stop();
    expect(await process.exited).toBe(137);
  });

  it("survives input that nobody reads", async () => {
    expect((await run(task(), ["true"], { input: "x".repeat(1_000_000) })).code).toBe(0);
  });

  it("leaves a process alone when nobody listens any more", async () => {
    for (const tty of [false, true]) {
      const name = `lives-on-${tty}`;
      const process = await task().exec({
        command: bash(
          `read -r _; head -c 1000000 /dev/zero; touch "\${TMPDIR:-/tmp}/${name}"; exec sleep 600 # ${name}`,
        ),
        tty,
      });
      process.write(Buffer.from("\n"));
      process.detach();
      const wait = `until [ -e "\${TMPDIR:-/tmp}/${name}" ]; do sleep 0.01; done`;
      expect((await run(task(), bash(wait))).code).toBe(0);
    }
  });

  it("ends an exec before its daemon, whose output can still be read", async () => {
    const process = await task().exec({ command: bash("(sleep 0.2; echo late) & echo early"), tty: false });
    let stdout = "";
    process.onStdout = (chunk) => {
      stdout += chunk.toString();
    };
    expect(await process.exited).toBe(0);
    await process.drained;
    expect(stdout).toBe("early\nlate\n");
  });

  it("makes a named pipe in /tmp that both users can use", async () => {
    const text =
      'p=/tmp/stderr_test_$$.fifo; mkfifo -m 0622 "$p"; /sbin/setuser user /bin/bash -c "echo through >$p" & cat "$p"; rm "$p"';
    expect((await run(task(), bash(text))).stdout).toBe("through\n");
  });

  it("is stopped with everything in it", async () => {
    const number = "86398.5";
    const process = await task().exec({
      command: bash(`setsid sleep ${number} & sleep ${number}; :`),
      tty: false,
    });
    await run(task(), bash(`until (( $(pgrep -fc 'sleep ${number}') >= 2 )); do sleep 0.01; done`));
    await task().stop();
    await task().stop();
    expect(await process.exited).toBe(137);
    expect(await task().exited).toEqual({ exitCode: 137, signal: 0, oomKilled: false });
    expect(await processesWith(number)).toEqual([]);
    await expect(task().exec({ command: ["true"], tty: false })).rejects.toThrow("not running");
  });
}
