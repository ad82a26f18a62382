import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiClient } from "../suite/client.js";
import { type ShellPlace, shellPlace } from "./place.js";

const MB = 1024 * 1024;
const exit = (data: number) => ({ type: "exit", data });

/** What must hold for a command, whichever path it takes (runner-shell.md, "What must hold"). */
export function holdingSuite(client: () => ApiClient): void {
  describe("commands", () => {
    const environment = (): number => client().target.firstEnvironmentId + 60;
    let place: ShellPlace;

    beforeAll(async () => {
      await client().put(environment(), { memoryLimit: 256 });
      place = shellPlace(client(), await client().claim(environment()));
    });
    afterAll(async () => {
      await client().call("DELETE", `/execution-environments/${environment()}`);
    });

    test("exit codes, of the shell and of signals", async () => {
      for (const code of [0, 1, 2, 3, 63, 64, 77, 100, 126, 127, 129, 130, 131, 137, 143, 192, 254, 255]) {
        expect((await place.sh(`exit ${code}`)).last).toEqual(exit(code));
      }
      for (const [name, code] of [
        ["HUP", 129],
        ["KILL", 137],
        ["SEGV", 139],
        ["TERM", 143],
      ] as const) {
        expect((await place.sh(`kill -${name} $$`)).last).toEqual(exit(code));
      }
    });

    test.each<[string, number, string]>([
      ["exec sh -c 'exit 5'", 5, ""],
      ["set -e; false; echo not reached", 1, ""],
      ["echo 'unbalanced", 2, ""],
      ["trap 'echo bye; exit 9' EXIT; exit 3", 9, "bye\r\n"],
      ["exec >&- 2>&-; exit 4", 4, ""],
      ["exec <&- >&- 2>&-; exit 4", 4, ""],
      ["sleep 100 & exit 6", 6, ""],
      ["(sleep 100 &); exit 6", 6, ""],
    ])("%j ends with %i", async (command, code, printed) => {
      const { stdout, last } = await place.sh(command);
      expect([stdout, last]).toEqual([printed, exit(code)]);
    });

    test("a terminal of size 0 x 0 with echo, and a user", async () => {
      const { stdout } = await place.sh("tty; stty size; whoami; echo $TERM; stty -a | grep -c ' echo '");
      const [tty, size, user, term, echo] = stdout.split("\r\n");
      expect(tty).toMatch(/^\/dev\/pts\/\d+$/);
      expect([size, term, echo]).toEqual(["0 0", "xterm", "1"]);
      if (client().target.twoUsers) expect(user).toBe("user");
    });

    test("the environment is the same on both paths, to the byte", async () => {
      const command = "cat /proc/self/environ | tr '\\0' '\\n' | sort";
      const values = {
        A: " 'x' \"y\" $z\n\té",
        B: "",
        CODEOCEAN: "no",
        NOMAD_OWN: "1",
        PATH: "/usr/bin:/bin:/x",
      };
      const here = await place.sh(command, { environment: values });
      // While one runs the other one takes the plain path.
      const first = await client().start(place.runner, { command: "echo on; read -r x" });
      await first.stdout("on");
      const there = await client().run(place.runner, {
        command: 'eval "unset TEXT;$TEXT"',
        environment: { ...values, TEXT: command },
      });
      first.send("\n");
      await first.result;
      expect(here.stdout).toBe(there.stdout);
      expect(here.stdout).toContain("CODEOCEAN=true\r\n");
    });

    test("the working directory by its path, though it was deleted and made anew", async () => {
      const { stdout } = await place.sh("pwd");
      const directory = stdout.trim();
      await place.sh(
        `cd /; mv ${directory} /tmp/moved 2>/dev/null || rm -rf ${directory}; mkdir -p ${directory}; chown user ${directory}`,
        {
          privilegedExecution: true,
        },
      );
      const { stdout: after, last } = await place.sh("pwd; echo made > here; cat here");
      if (last?.type === "exit" && last.data === 0) expect(after).toBe(`${directory}\r\nmade\r\n`);
    });

    test("/dev/stderr is for the user to write to, and stderr is apart", async () => {
      const { stdout, stderr, last } = await place.sh(
        "echo one; echo two >/dev/stderr; echo three >&2; exit 2",
      );
      const apart = client().target.separateStderr
        ? ["one\r\n", "two\r\nthree\r\n"]
        : ["one\r\ntwo\r\nthree\r\n", ""];
      expect([stdout, stderr, last]).toEqual([...apart, exit(2)]);
    });

    test("much output, binary, without a newline, on both streams, and none", async () => {
      const size = 5 * MB;
      const { stdout, stderr, last } = await place.sh(
        `head -c ${size} /dev/zero | tr '\\0' o; head -c ${MB} /dev/zero | tr '\\0' e >&2; exit 1`,
      );
      expect([stdout.length, stderr.length, last]).toEqual([size, MB, exit(1)]);
      expect(/^o*$/.test(stdout) && /^e*$/.test(stderr)).toBe(true);
      const binary = await place.sh("stty -opost; printf '\\0\\1\\177\\33[0m\\r\\n\\0'");
      expect(binary.stdout).toBe("\0\u0001\u007f\u001b[0m\r\n\0");
      expect((await place.sh(":")).messages).toEqual([{ type: "start" }, exit(0)]);
    });

    test("output that looks like an end marker", async () => {
      const { stdout } = await place.sh("printf '%039d:000\\r\\n%039d:next;' 7 7; echo; printf %038d 1");
      const nonce = "7".padStart(39, "0");
      expect(stdout).toBe(`${nonce}:000\r\r\n${nonce}:next;\r\n${"1".padStart(38, "0")}`);
    });

    test("input that nobody reads harms neither this command nor the next", async () => {
      expect((await place.sh("sleep 0.3; exit 3", { input: "nobody\nreads this" })).last).toEqual(exit(3));
      expect((await place.sh('read -r -t 0.3 x; echo "<$x>"')).stdout).toBe("<>\r\n");
    });

    test.each<[string, string, number]>([
      ["Ctrl-C", "\u0003", 130],
      ["Ctrl-\\", "\u001c", 131],
    ])("%s acts on the command, and on nothing behind it", async (_, key, code) => {
      const command = "echo on; exec sleep 100";
      const execution = await client().start(place.runner, { command });
      await execution.stdout("on");
      const again = setInterval(() => execution.send(key), 100);
      expect((await execution.result.finally(() => clearInterval(again))).last).toEqual(exit(code));
      expect((await place.sh("exit 7")).last).toEqual(exit(7));
    });

    test("Ctrl-S holds output until Ctrl-Q, and an end that was held arrives", async () => {
      const execution = await client().start(place.runner, {
        command: "echo on; read -r a; echo held; read -r b; exit 5",
      });
      await execution.stdout("on");
      execution.send("\u0013a\n");
      execution.send("\u0011b\n");
      const { stdout, last } = await execution.result;
      expect(stdout).toContain("held");
      expect(last).toEqual(exit(5));
      const stopped = await client().start(place.runner, { command: "echo on; read -r a; exit 6" });
      await stopped.stdout("on");
      stopped.send("a\n\u0013");
      expect((await stopped.result).last).toEqual(exit(6));
    });

    test("two at once, and file operations during one", async () => {
      const long = await client().start(place.runner, { command: "echo on; read -r x; cat made; exit 4" });
      await long.stdout("on");
      expect((await client().run(place.runner, { command: "echo other; exit 3" })).last).toEqual(exit(3));
      expect((await client().write(place.runner, "made", "content\n")).status).toBe(204);
      const listing = (await client().list(place.runner)).json();
      expect(listing.files.map(({ name }: { name: string }) => name)).toContain("./made");
      expect((await client().download(place.runner, { path: "made" })).text).toBe("content\n");
      long.send("\n");
      const { stdout, last } = await long.result;
      expect(stdout).toContain("content\r\n");
      expect(last).toEqual(exit(4));
    });
  });
}
