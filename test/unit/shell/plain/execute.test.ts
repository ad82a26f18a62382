import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Harness, paths, startHarness } from "../support/harness.js";
import { sandboxMissing } from "../support/sandbox.js";

/** Ends all processes of the user, and waits until they have gone: one that dies could still take a byte of the next request. */
const killUsers = `killed=$(/opt/tools/pgrep -u user); kill -9 $killed
  for process in $killed; do
    for ((i = 0; i < 500; i++)); do
      read -r line <"/proc/$process/stat" && [[ $line != *") Z "* ]] || break
      sleep 0.01
    done
  done 2>/dev/null || true`;

describe.skipIf(sandboxMissing !== undefined).each(paths)(
  `a command on the %s path (${sandboxMissing ?? "in a sandbox"})`,
  (path) => {
    let harness: Harness;
    beforeAll(async () => {
      harness = await startHarness({ path });
    });
    afterAll(() => harness.sandbox.stop());

    const exited = (exitCode: number) => ({ kind: "exited", exitCode });

    it.each<[string, number]>([
      ["true", 0],
      ["", 0],
      ["exit 255", 255],
      ["exit 256", 0],
      ["kill -9 $$", 137],
      ["kill -TERM $$", 143],
      ["echo 'unbalanced", 2],
      ["no-such-command", 127],
      ["/usr/lib", 126],
      ["set -e; false; true", 1],
      ["exec true", 0],
      ["exec bash -c 'exit 4'", 4],
      ["trap 'exit 9' EXIT; exit 3", 9],
      ["exec >&- 2>&-; exit 3", 3],
      ["exec >&- 2>&- <&-; exit 3", 3],
      ["bash -c 'kill -QUIT $$; kill -KILL $$'", 137],
    ])("%j exits with %i", async (command, exitCode) => {
      expect((await harness.run(command)).end).toEqual(exited(exitCode));
    });

    it("hands over both streams, apart, with a terminal's line ends", async () => {
      const outcome = await harness.run("echo out; echo err >&2; printf 'a\\r\\nb' >&2; exit 7");
      expect(outcome).toEqual({ end: exited(7), stdout: "out\r\n", stderr: "err\r\na\r\r\nb" });
    });

    it.runIf(path === "plain")("is not lost however late its stderr is opened for reading", async () => {
      // The more at once, the later one of the sessions of each gets its turn.
      const many = Array.from({ length: 40 }, () => harness.run("exit 3", { privileged: true }));
      const ends = (await Promise.all(many)).map(({ end }) => end);
      expect(ends.filter((end) => end.kind !== "exited" || end.exitCode !== 3)).toEqual([]);
    });

    it.runIf(path === "plain")("is not run when it was given up before it was handed over", async () => {
      const giveUp = new AbortController();
      const request = { command: "echo ran >/tmp/ran", environment: {}, privileged: false };
      const handlers = { onOutput: () => undefined, onEnd: () => undefined, onDrain: () => undefined };
      const started = harness.shell.execute(request, handlers, { signal: giveUp.signal });
      giveUp.abort();
      await expect(started).rejects.toMatchObject({ code: "aborted" });
      // The one pipe is that of the command that looks.
      await expect
        .poll(async () => (await harness.run("cd /tmp; echo *")).stdout)
        .toMatch(/^stderr_\w+\.fifo\r\n$/);
    });

    it("loses no byte of either stream, although what is under way at a process's end is lost", async () => {
      const outcome = await harness.run(
        "/opt/tools/head -c 3000000 /dev/zero | /opt/tools/tr '\\0' x; /opt/tools/head -c 300000 /dev/zero >&2",
      );
      expect(outcome.stdout.length).toBe(3_000_000);
      expect(outcome.stderr.length).toBe(300_000);
    });

    it("runs as user, in the working directory, on a terminal, with exactly the environment", async () => {
      const outcome = await harness.run("whoami; pwd; /opt/tools/tty; env | /opt/tools/sort", {
        environment: { A: "x 'y' \"$z\"\n\té", B: "", CODEOCEAN: "no", NOMAD_KEPT: "1" },
      });
      const [user, directory, tty, ...variables] = outcome.stdout.split("\r\n");
      expect([user, directory]).toEqual(["user", "/workspace"]);
      expect(tty).toMatch(/^\/dev\/pts\/\d+$/);
      const expected = [
        ...["A=x 'y' \"$z\"", "\té", "B=", "CODEOCEAN=true", "HOME=/home/user", "NOMAD_KEPT=1"],
        ...[
          "PATH=/usr/bin:/bin",
          "PWD=/workspace",
          "SHELL=/bin/bash",
          "SHLVL=1",
          "TERM=xterm",
          "USER=user",
          "",
        ],
        "_=/usr/bin/env",
      ];
      expect(variables.sort()).toEqual(expected.sort());
    });

    it("runs as root when privileged", async () => {
      expect((await harness.run("whoami", { privileged: true })).stdout).toBe("root\r\n");
    });

    it("lets the environment touch no process of root", async () => {
      const outcome = await harness.run("echo ran", {
        environment: { PATH: "/nowhere", LD_PRELOAD: "/nowhere.so", BASH_ENV: "/nowhere.sh" },
      });
      expect(outcome.stdout).toBe("ran\r\n");
      // The loader complains once for each process that is given LD_PRELOAD: env has not got it yet.
      expect(outcome.stderr.match(/LD_PRELOAD/g)).toHaveLength(1);
    });

    it("passes a long command and a large environment", async () => {
      const long = `x='${"é'\\''\n".repeat(40_000)}'; echo "\${#x} \${#LONG} $# \${REPLY-unset}"`;
      const outcome = await harness.run(long, {
        environment: { LONG: "y".repeat(131_000), M: "z".repeat(131_000) },
      });
      expect(outcome).toEqual({ end: exited(0), stdout: "160000 131000 0 unset\r\n", stderr: "" });
      expect((await harness.run(`exit 5 #${"x".repeat(200_000)}`)).end).toEqual(exited(5));
      expect((await harness.run(`echo 'x #${"x".repeat(200_000)}`)).end).toEqual(exited(2));
    });

    it("gives the command what was typed before it started, with echo", async () => {
      const outcome = await harness.run('read -r a; read -r b; echo "<$a|$b>"', {
        input: "first\nsecond\n",
      });
      expect(outcome.stdout).toContain("<first|second>\r\n");
      expect(outcome.stdout).toContain("first\r\nsecond\r\n");
    });

    it.each<[string, number]>([
      ["\u0003", 130],
      ["\u001c", 131],
    ])("lets %j act on the command alone", async (key, exitCode) => {
      let sent = false;
      const outcome = await harness.run("echo ready; exec sleep 100", {
        onOutput: (chunk, command) => {
          if (!chunk.includes("ready") || sent) return;
          sent = true;
          // The echo comes before sleep is there.
          setTimeout(() => command.write(Buffer.from(key)), 200);
        },
      });
      expect(outcome.end).toEqual(exited(exitCode));
    });

    it("ends a command that was to end before it started", async () => {
      const outcome = await harness.run("exec sleep 100", { onStart: (command) => command.quit() });
      expect(outcome.end).toEqual(exited(131));
    });

    it("reports the end of a command whose output the client has stopped", async () => {
      const outcome = await harness.run("read -r x; sleep 0.3; exit 6", { input: "x\n\u0013" });
      expect(outcome.end).toEqual(exited(6));
    });

    it.each([
      "sleep 1000 & exit 8",
      "/opt/tools/setsid sleep 1000 & exit 8",
      "/opt/tools/setsid bash -c 'while :; do echo late; echo late >&2; sleep 0.01; done' & exit 8",
      "/opt/tools/stty raw -echo olcuc; exit 8",
      "/opt/tools/python3 -c 'import fcntl,os; fcntl.fcntl(1, fcntl.F_SETFL, os.O_NONBLOCK)'; exit 8",
      "set -m; (sleep 0.1); exit 8",
    ])("%j does not delay or spoil the end", async (command) => {
      const { end } = await harness.run(command);
      harness.sandbox.root(killUsers);
      expect(end).toEqual(exited(8));
    });

    it("shows the pipe while the command runs, to user too, and has removed it afterwards", async () => {
      const outcome = await harness.run("ls -l /tmp; echo direct > /dev/stderr");
      expect(outcome.stdout).toMatch(/prw--w--w- 1 root root .* stderr_[0-9a-f]{32}\.fifo\r\n$/);
      expect(outcome.stderr).toBe("direct\r\n");
      await expect.poll(() => harness.sandbox.root("ls -A /tmp")).toBe("");
    });

    it("runs two commands at once", async () => {
      const outcomes = await Promise.all(
        [1, 2, 3].map((n) => harness.run(`sleep 0.1; echo ${n}; exit ${n}`)),
      );
      expect(outcomes.map(({ end, stdout }) => [end, stdout])).toEqual(
        [1, 2, 3].map((n) => [exited(n), `${n}\r\n`]),
      );
    });

    it("shows the nonce to no process of user", async () => {
      const marker = /(\d{39}):\d{3}\r\n(?:\d{39}:next;)?$/;
      const spy =
        "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ /proc/[0-9]*/fd/* 2>/dev/null </dev/null | /opt/tools/tr '\\0' ' '";
      const outcome = await harness.run(
        `sleep 0.1; ls -l /proc/[0-9]*/fd 2>/dev/null; (${spy}) & sleep 1; kill $!`,
      );
      const raw = Buffer.concat(
        harness.opener.opened.findLast(
          ({ tty, written }) => tty && marker.test(Buffer.concat(written).toString()),
        )?.written ?? [],
      ).toString();
      const nonce = marker.exec(raw)?.[1] ?? "";
      expect(nonce).not.toBe("");
      expect(outcome.stdout).toContain("/bin/bash");
      expect(outcome.stdout + outcome.stderr).not.toContain(nonce);
      for (const { command } of harness.opener.opened) expect(command.join(" ")).not.toContain(nonce);
    });

    it("passes what looks like a marker", async () => {
      const outcome = await harness.run("printf '%039d:000\\n' 7; echo 1; printf 123456789012345");
      expect(outcome.stdout).toBe(`${"7".padStart(39, "0")}:000\r\n1\r\n123456789012345`);
    });

    it.skipIf(path === "fast")(
      "starts anew when Nomad takes a session for ended that has not begun",
      async () => {
        harness.opener.opened.length = 0;
        harness.opener.earlyEnds = 3;
        const outcome = await harness.run("echo once >> count; cat count");
        expect(outcome).toEqual({ end: exited(0), stdout: "once\r\n", stderr: "" });
        expect(harness.opener.opened.length).toBeGreaterThan(2);
      },
    );

    it("takes a session that breaks for broken, whatever its exit code", async () => {
      const outcome = await harness.run("kill -9 $PPID; sleep 100", { privileged: true });
      expect(outcome.end.kind).toBe("broken");
      harness.sandbox.root(
        "kill -9 $(/opt/tools/pgrep -x sleep | /opt/tools/grep -vx 2) 2>/dev/null || true",
      );
    });

    it("removes the pipe when its terminal session was killed", async () => {
      await expect.poll(() => harness.sandbox.root("ls -A /tmp")).toBe("");
    });

    it("hands nothing over while paused", async () => {
      let bytes = 0;
      let atPause = 0;
      const outcome = await harness.run("/opt/tools/head -c 2000000 /dev/zero", {
        onOutput: (chunk, command) => {
          bytes += chunk.length;
          if (atPause > 0) return;
          command.pause();
          atPause = bytes;
          setTimeout(() => {
            expect(bytes).toBe(atPause);
            command.resume();
          }, 100);
        },
      });
      expect(outcome.stdout.length).toBe(2_000_000);
    });
  },
);
