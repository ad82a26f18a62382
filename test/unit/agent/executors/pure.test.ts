import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { containerEnvironment, taskHostname } from "../../../../src/agent/executors/environment.js";
import { isIdle } from "../../../../src/agent/executors/idle-command.js";
import { launchCommand, survivesExec } from "../../../../src/agent/executors/launch.js";
import { ownerIsGone, ownerName } from "../../../../src/agent/executors/owner-name.js";
import { exitCodeOf } from "../../../../src/agent/executors/piped-process.js";
import { withOwnSetuser } from "../../../../src/agent/executors/process/own-setuser.js";
import { terminalCommand } from "../../../../src/agent/executors/terminal.js";
import { terminalOf } from "../../../../src/agent/executors/terminal-size.js";

const argument = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0"));

describe("the executors' shared parts", () => {
  it("names a task's host like a container's", () => {
    expect(taskHostname("0a1b2c3d-4e5f-6071")).toBe("0a1b2c3d-4e5");
    fc.assert(
      fc.property(fc.string(), (id) =>
        /^[0-9a-zA-Z]([0-9a-zA-Z-]{0,10}[0-9a-zA-Z])?$/.test(taskHostname(id)),
      ),
    );
  });

  it("sets TERM with a terminal only, and lets the task's variables win", () => {
    const options = { hostname: "h", home: "/root", variables: { PATH: "/p", A: "1" } };
    expect(containerEnvironment({ ...options, tty: false })).toEqual({
      PATH: "/p",
      HOSTNAME: "h",
      A: "1",
      HOME: "/root",
    });
    expect(containerEnvironment({ ...options, tty: true }).TERM).toBe("xterm");
  });

  it("knows commands that only wait", () => {
    expect(
      [["sleep", "infinity"], ["/bin/sleep", "infinity"], ["/usr/bin/sleep", "infinity"], []].every(isIdle),
    ).toBe(true);
    expect(
      [["sleep", "1"], ["/x/sleep", "infinity"], ["sleep", "infinity", "1"], ["tail"]].some(isIdle),
    ).toBe(false);
  });

  it("knows which descriptors a child would inherit", () => {
    expect(survivesExec("pos:\t0\nflags:\t0100002\nmnt_id:\t1\n")).toBe(true);
    expect(survivesExec("pos:\t0\nflags:\t02100002\n")).toBe(false);
    expect(survivesExec("")).toBe(false);
  });

  it("launches with the arguments as they are, and not where the cgroup refuses", () => {
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 5 }), (args) => {
        const [program, ...flags] = launchCommand(["printf", "%s\\n", ...args]);
        return (
          spawnSync(program, flags).stdout.toString() ===
          (args.length === 0 ? "\n" : args.map((arg) => `${arg}\n`).join(""))
        );
      }),
      { numRuns: 20 },
    );
    const [program, ...flags] = launchCommand(["echo", "no"], { entryFiles: ["/proc/no/tasks"] });
    expect(spawnSync(program, flags)).toMatchObject({ status: 125, stdout: Buffer.alloc(0) });
  });

  it("passes arguments through script as they are, and no variables of its own", () => {
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 4 }), (args) => {
        const { variables, command } = terminalCommand(["printf", "<%s>", ...args]);
        const [program = "", ...flags] = command;
        const env = Object.fromEntries(
          variables.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
        );
        const { stdout } = spawnSync(program, flags, { env: { PATH: "/usr/bin:/bin", ...env } });
        return stdout.toString() === args.map((text) => `<${text}>`.replaceAll("\n", "\r\n")).join("");
      }),
      { numRuns: 5 },
    );
    const { variables, command } = terminalCommand(["env"]);
    const [program = "", ...flags] = command;
    const env = Object.fromEntries(variables.map((pair) => pair.split("=")));
    expect(spawnSync(program, flags, { env: { PATH: "/usr/bin:/bin", ...env } }).stdout.toString()).toBe(
      "PATH=/usr/bin:/bin\r\n",
    );
  });

  it("reads the terminal's number out of /proc/PID/stat", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 20 - 1), fc.string(), (minor, name) => {
        const device = (136 << 8) | (minor & 0xff) | ((minor & 0xfff00) << 12);
        return terminalOf(`12 (${name}) S 1 12 12 ${device | 0} 12 4194304`) === minor;
      }),
    );
    expect(terminalOf("12 (x) S 1 12 12 0 -1 4194304")).toBeUndefined();
  });

  it("tells whether an owner lives", () => {
    expect(ownerIsGone(ownerName())).toBe(false);
    expect(ownerIsGone("poseidon-1-1-1")).toBe(true);
    expect(ownerIsGone("poseidon-something")).toBe(false);
  });

  it("shows signals as a shell does", () => {
    expect([exitCodeOf(3, null), exitCodeOf(null, "SIGKILL"), exitCodeOf(null, "SIGQUIT")]).toEqual([
      3, 137, 131,
    ]);
  });

  it("replaces the path of setuser, and nothing that only looks like it", () => {
    expect(
      withOwnSetuser(["/sbin/setuser", "-c", "exec '/sbin/setuser' user;x=(/sbin/setuser)"], "/o/s"),
    ).toEqual(["/o/s", "-c", "exec '/o/s' user;x=(/o/s)"]);
    const others = [
      "/usr/sbin/setuser",
      "/sbin/setuser2",
      "/sbin/setuser/x",
      "./sbin/setuser",
      "sbin/setuser",
    ];
    expect(withOwnSetuser(others, "/o/s")).toEqual(others);
  });
});
