import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiClient, Runner } from "./client.js";

/** How commands run and end, as a client sees it (execution.md). */
export function executionSuite(client: () => ApiClient): void {
  describe("executions", () => {
    const environment = (): number => client().target.firstEnvironmentId + 10;
    let runner: Runner;

    beforeAll(async () => {
      await client().put(environment(), { prewarmingPoolSize: 2 });
      runner = await client().claim(environment());
    });

    afterAll(async () => {
      await client().call("DELETE", `/execution-environments/${environment()}`);
    });

    test("start comes first, then output, then exit, then close 1000 without reason", async () => {
      const { messages, code, reason } = await client().run(runner, { command: "echo hello" });
      expect(messages[0]).toEqual({ type: "start" });
      expect(messages.slice(1, -1).every(({ type }) => type === "stdout")).toBe(true);
      expect(messages.at(-1)).toEqual({ type: "exit", data: 0 });
      expect([code, reason]).toEqual([1000, ""]);
    });

    test.each([
      ["", 0],
      ["exit 7", 7],
      ["exit 255", 255],
      ["exit 128", 128],
      ["false", 1],
      ["kill -9 $$", 137],
      ["no-such-command 2>/dev/null", 127],
    ])("%j exits with %d", async (command, data) => {
      expect((await client().run(runner, { command })).last).toEqual({ type: "exit", data });
    });

    test("the terminal makes line ends CR LF, on both streams, and they come apart", async () => {
      const { stdout, stderr } = await client().run(runner, { command: "echo out; echo err >&2" });
      if (!client().target.separateStderr) expect(stdout).toBe("out\r\nerr\r\n");
      else expect([stdout, stderr]).toEqual(["out\r\n", "err\r\n"]);
    });

    test("it is a terminal", async () => {
      const { stdout } = await client().run(runner, { command: "[ -t 0 ] && [ -t 1 ] && echo yes" });
      expect(stdout).toBe("yes\r\n");
    });

    test("the terminal has no size of its own", async () => {
      const { stdout } = await client().run(runner, { command: "stty size" });
      expect(stdout).toBe("0 0\r\n");
    });

    test("input is echoed and read, as text and as binary messages", async () => {
      const command = "read -r a; read -r b; echo got $a $b";
      const execution = await client().start(runner, { command });
      await execution.started();
      execution.send("first\n");
      execution.send(Buffer.from("second\n"));
      const { stdout, last } = await execution.result;
      expect(stdout).toContain("first\r\n");
      expect(stdout).toMatch(/got first second\r\n$/);
      expect(last).toEqual({ type: "exit", data: 0 });
    });

    test("Ctrl-C and the end of input reach the command", async () => {
      const interrupted = await client().start(runner, {
        command: "trap 'echo' INT; echo on; sleep 100; echo $?".replaceAll("'", '"'),
      });
      await interrupted.stdout("on");
      // The first one can come before sleep is there.
      const again = setInterval(() => interrupted.send("\u0003"), 200);
      const { stdout } = await interrupted.result.finally(() => clearInterval(again));
      expect(stdout).toContain("130");
      const ended = await client().start(runner, { command: "echo on; cat" });
      await ended.stdout("on");
      ended.send("\u0004");
      expect((await ended.result).last).toEqual({ type: "exit", data: 0 });
    });

    test("command and environment arrive exactly", async () => {
      const value = ' a\n"b" $HOME `c` \\ ü \u{1f600} * \' ; &';
      await client().write(runner, "expected", `${value}x`);
      const { stdout, last } = await client().run(runner, {
        command: '[ "$(cat expected)" = "$A"x ] &&\n\techo same "$B" # comment\necho "$CODEOCEAN $NOMAD_OWN"',
        environment: { A: value, B: "", CODEOCEAN: "false", NOMAD_OWN: "kept" },
      });
      expect([stdout, last]).toEqual(["same \r\ntrue kept\r\n", { type: "exit", data: 0 }]);
    });

    test("Nomad's variables are not there", async () => {
      const { stdout } = await client().run(runner, { command: "env" });
      expect(stdout).toContain("CODEOCEAN=true\r\n");
      expect(stdout).not.toContain("NOMAD_");
    });

    test("runs as user, or as the image's user if privileged", async () => {
      const plain = await client().run(runner, { command: "whoami" });
      if (client().target.twoUsers) expect(plain.stdout).toBe("user\r\n");
      const privileged = await client().run(runner, { command: "whoami", privilegedExecution: true });
      if (!client().target.sharesMachine) expect(privileged.stdout).toBe("root\r\n");
    });

    test("a quote in the command is 400 with these words", async () => {
      const answer = await client().call("POST", `/runners/${runner.id}/execute`, {
        json: { command: "echo 'a'" },
      });
      expect([answer.status, answer.json()]).toEqual([400, { message: "use of forbidden character" }]);
    });

    test("output that is not UTF-8 becomes U+FFFD, other characters arrive whole", async () => {
      const { stdout } = await client().run(runner, {
        command: 'printf "\\xff\\xfeA"; printf "\\xf0\\x9f"; printf "\\x98\\x80"',
      });
      expect(stdout).toBe("\ufffd\ufffdA\u{1f600}");
    });

    test("2 MB of output arrive whole and in order", async () => {
      const { stdout, last } = await client().run(runner, {
        command: "for ((i = 0; i < 100000; i++)); do echo line $i padding; done",
      });
      const expected = Array.from({ length: 100_000 }, (_, at) => `line ${at} padding\r\n`).join("");
      expect(stdout.length).toBe(expected.length);
      expect(stdout === expected).toBe(true);
      expect(last).toEqual({ type: "exit", data: 0 });
    });

    test("a large command and a large environment are run", async () => {
      const padding = "x".repeat(200_000);
      const { stdout } = await client().run(runner, {
        command: `a=${padding}; echo \${#a} \${#B}`,
        environment: { B: "y".repeat(120_000) },
      });
      expect(stdout).toBe("200000 120000\r\n");
    });

    test("500 KB of command and 100 KB of a variable arrive exactly, whatever characters they are of", async () => {
      const odd = 'a $HOME $x{} `id` $(id) "q" \\ \t é \u{1f600} ! * ~ # ; & | < > \n';
      const text = odd.repeat(Math.ceil(500_000 / Buffer.byteLength(odd)));
      const value = odd.repeat(Math.floor(100_000 / Buffer.byteLength(odd)));
      const { stderr, last } = await client().run(runner, {
        command: `cat >text <<"END OF TEXT"\n${text}\nEND OF TEXT\nprintf %s "$ODD" >value`,
        environment: { ODD: value },
        privilegedExecution: true,
      });
      expect([stderr, last]).toEqual(["", { type: "exit", data: 0 }]);
      expect((await client().download(runner, { path: "text" })).text === `${text}\n`).toBe(true);
      expect((await client().download(runner, { path: "value" })).text === value).toBe(true);
    });

    test("two at once in one runner do not meet", async () => {
      const both = await Promise.all(
        ["a", "b"].map((name) => client().run(runner, { command: `echo ${name}; echo ${name} >&2; exit 3` })),
      );
      expect(both.map(({ stdout }) => stdout.slice(0, 3))).toEqual(["a\r\n", "b\r\n"]);
      expect(both.map(({ last }) => last)).toEqual([
        { type: "exit", data: 3 },
        { type: "exit", data: 3 },
      ]);
    });

    test("the pipe for stderr is there while a command runs, and gone after", async () => {
      // Others may have pipes in a /tmp that is the machine's.
      if (!client().target.separateStderr || client().target.sharesMachine) return;
      const own = await client().claim(environment());
      const pipes = async (): Promise<string[]> => {
        const { files } = (await client().list(own, { path: "/tmp", recursive: "false" })).json();
        return files
          .map(({ name }: { name: string }) => name)
          .filter((name: string) => name.endsWith(".fifo"));
      };
      const execution = await client().start(own, { command: "ls /tmp; read -r a" });
      await execution.stdout(".fifo");
      expect(await pipes()).toEqual([expect.stringMatching(/^stderr_\S+\.fifo$/)]);
      execution.send("\n");
      await execution.result;
      expect(await pipes()).toEqual([]);
      await client().release(own);
    });

    test("an execution is opened once", async () => {
      const url = await client().prepare(runner, { command: "true" });
      await client().open(url).result;
      const { pathname, search } = new URL(url);
      const again = await client().call("GET", pathname.replace("/api/v1", "") + search);
      expect([again.status, again.json()]).toEqual([404, { message: "execution id unknown" }]);
    });

    test("asked for without a handshake it is 400 and stays on the list", async () => {
      const url = await client().prepare(runner, { command: "echo still" });
      const { pathname, search } = new URL(url);
      expect((await client().call("GET", pathname.replace("/api/v1", "") + search)).status).toBe(400);
      expect((await client().open(url).result).stdout).toBe("still\r\n");
    });

    test("input of over 1 MiB in one message closes with 1009", async () => {
      const execution = await client().start(runner, { command: "echo on; cat >/dev/null" });
      await execution.stdout("on");
      execution.send("x".repeat(1024 * 1024 + 1));
      expect((await execution.result).code).toBe(1009);
    });
  });
}
