import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiClient } from "../suite/client.js";
import { type ShellPlace, shellPlace } from "./place.js";
import { compileSpoiler } from "./spoiler.js";

const exit = (data: number) => ({ type: "exit", data });

/** Prints what every process shows of itself: arguments, environment, what its descriptors are and hold, and what is shared. */
const spy = `for each in /proc/[0-9]*; do
  tr '\\0' ' ' <$each/cmdline; tr '\\0' ' ' <$each/environ; ls -l $each/fd
  for fd in $each/fd/*; do timeout 0.05 head -c 4096 $fd; done
done 2>/dev/null
for each in /tmp/* /tmp/.* /dev/shm/* /dev/pts/*; do timeout 0.05 head -c 4096 "$each" </dev/null; done 2>/dev/null`;

/** How a command leaves its terminal, and what must not reach the next one. */
const spoiled: readonly (readonly [string, string, number])[] = [
  ["a setsid writer", "setsid bash -c 'while :; do echo late; echo late >&2; sleep 0.01; done' & exit 8", 8],
  ["a reader in the background", "setsid bash -c 'while :; do read -r x; echo stolen $x; done' & exit 8", 8],
  ["input typed by TIOCSTI, a line", "/tmp/spoil type 'echo forged\n'; exit 8", 8],
  ["input typed by TIOCSTI, no line", "/tmp/spoil type forged; exit 8", 8],
  ["O_NONBLOCK", "/tmp/spoil nonblock; exit 8", 8],
  ["another foreground group", "/tmp/spoil group; exit 8", 8],
  ["TIOCEXCL", "/tmp/spoil exclusive; exit 8", 8],
  ["other modes and size", "/tmp/spoil modes; exit 8", 8],
  ["stty -echo", "stty -echo raw olcuc tostop rows 3 columns 4; exit 8", 8],
  ["a job that was stopped", "set -m; sleep 100 & kill -STOP $!; exit 8", 8],
  ["its shell killed", "(sleep 0.1; kill -9 $PPID) & kill -9 $$", 137],
  ["everything of the user killed", "kill -9 -1", 0],
];

/** What a hostile program leaves behind reaches neither the next execution nor root (runner-shell.md, "What must hold"). */
export function forgingSuite(client: () => ApiClient): void {
  describe("forging", () => {
    const environment = (): number => client().target.firstEnvironmentId + 61;
    let place: ShellPlace;
    let fresh: string;

    /** What a command sees of its terminal. */
    const look = async (): Promise<string> => {
      const { stdout, stderr, last } = await place.sh(
        'read -r -t 0.3 line; echo "<$line>"; stty -a | head -n 20; exec 3<>/dev/tty && echo opened; (exit 3); exit $?',
      );
      expect([stderr, last]).toEqual(["", exit(3)]);
      return stdout;
    };

    beforeAll(async () => {
      await client().put(environment(), { memoryLimit: 256 });
      place = shellPlace(client(), await client().claim(environment()));
      await client().write(place.runner, "/tmp/spoil.root", compileSpoiler());
      // Files that are copied belong to root, for root to run.
      await place.sh("cp /tmp/spoil.root /tmp/spoil && chmod 755 /tmp/spoil", { privilegedExecution: true });
      fresh = await look();
    });
    afterAll(async () => {
      await client().call("DELETE", `/execution-environments/${environment()}`);
    });

    test.each(spoiled)("the next execution sees nothing of %s", async (_, command, code) => {
      expect((await place.sh(command)).last).toEqual(exit(code));
      expect(await look()).toBe(fresh);
      // Once more: by now the terminal may have been used again.
      expect(await look()).toBe(fresh);
      if (client().target.twoUsers) await place.sh("kill -9 -1");
    });

    test("no nonce and no secret shows in any process, descriptor, pipe or file", async () => {
      const { stdout, stderr } = await place.sh(`(${spy}) </dev/null; echo end`);
      expect(stdout).toContain("end");
      expect(stdout).toContain("/bin/bash");
      expect(stdout + stderr).not.toMatch(/(?<!\d)\d{39}(?!\d)/);
    });

    test("what lies in wait during the next executions sees none either", async () => {
      await place.sh(
        `setsid bash -c 'until [[ -e /tmp/enough ]]; do ${spy.replaceAll("'", "'\\''")}; done >/tmp/seen 2>&1; mv /tmp/seen /tmp/all' </dev/null >/dev/null 2>&1 &
        # Before it has left the terminal's session it would go with that.
        until [[ -e /tmp/seen ]]; do sleep 0.01; done; exit 0`,
      );
      const text = async (path: string): Promise<string> =>
        (await client().download(place.runner, { path, privilegedExecution: "true" })).text;
      // It is slow: it sees one of our shells only now and then.
      const caught = async (): Promise<string> => {
        for (let count = 0; count < 5; count++) expect((await place.sh("exit 2")).last).toEqual(exit(2));
        return text("/tmp/seen");
      };
      await expect.poll(caught, { timeout: 50_000, interval: 0 }).toContain("/bin/bash");
      await place.sh("touch /tmp/enough");
      await expect.poll(() => text("/tmp/all"), { timeout: 60_000, interval: 500 }).toContain("/bin/bash");
      expect(await text("/tmp/all")).not.toMatch(/(?<!\d)\d{39}(?!\d)/);
    });

    test("pipes that were planted at every place block nobody and are read by nobody", async () => {
      await place.sh(
        "for n in a b c; do mkfifo -m 666 /tmp/stderr_$n.fifo /tmp/.handover_$n /tmp/.loop_$n; done; exit 0",
      );
      expect(await look()).toBe(fresh);
      const { stdout } = await place.sh("ls -A /tmp | grep -c fifo");
      // Those planted, and the execution's own.
      expect(Number(stdout)).toBe(client().target.separateStderr ? 4 : 3);
      await place.sh("rm -f /tmp/*.fifo /tmp/.handover_* /tmp/.loop_*");
    });

    test("tar killed in the middle of a file full of NUL and shell text: nothing of it runs", async () => {
      const evil = "\0id >/tmp/owned\0\n$(id >/tmp/owned)\0; id >/tmp/owned\n".repeat(8_000);
      await place.sh(
        "setsid bash -c 'while :; do pkill -9 tar; pkill -9 head; done' >/dev/null 2>&1 & exit 0",
        {
          privilegedExecution: true,
        },
      );
      const statuses = new Set<number>();
      for (let count = 0; count < 10; count++) {
        statuses.add((await client().write(place.runner, "evil", evil)).status);
      }
      await place.sh("pkill -9 -f 'pkill -9 tar'; true", { privilegedExecution: true });
      expect([...statuses].every((status) => status === 204 || status === 500)).toBe(true);
      expect((await client().list(place.runner, { path: "/tmp/owned" })).status).toBe(424);
      expect((await client().write(place.runner, "evil", evil)).status).toBe(204);
      expect((await client().download(place.runner, { path: "evil" })).text).toBe(evil);
      expect(await look()).toBe(fresh);
    });
  });
}
