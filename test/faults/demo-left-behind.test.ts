import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type CompiledProgram, compileProgram } from "../support/compiled-program.js";
import { leftOf } from "../support/left-of.js";
import { descendants, living, type ProcessSeen } from "../support/processes.js";
import { until } from "../support/until.js";

const EXAMPLE = fileURLToPath(new URL("../../examples/hello.sh", import.meta.url));
const PATIENT = { within: 30_000, every: 50 };

let program: CompiledProgram;
let folder: string;
beforeAll(() => {
  program = compileProgram();
  folder = dirname(dirname(program.main));
  const scripts = { demo: `true && node ${program.main} demo` };
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "a", version: "1.0.0", type: "module", scripts }),
  );
});
afterAll(() => program.remove());

/** A demo that npm runs, in a process group and with a folder for temporary files of its own, once it stays up with a runner. */
async function demo() {
  const files = mkdtempSync(join(tmpdir(), "demo-test-"));
  const child = spawn("npm", ["run", "--silent", "demo", "--", "--no-install", EXAMPLE], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: files, TMPDIR: files, npm_config_update_notifier: "false" },
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  onTestFinished(() => {
    for (const { pid } of living(all)) process.kill(pid, "SIGKILL");
    rmSync(files, { recursive: true });
  });
  let all: readonly ProcessSeen[] = [];
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
    all = descendants(child.pid ?? 0);
  });
  child.stdin.write("Ada\n");
  const port = await until(
    "the demo",
    () => /http:\/\/127\.0\.0\.1:(\d+).*\/runners\/10-/.exec(output)?.[1],
    {
      within: 50_000,
      every: 50,
    },
  );
  all = descendants(child.pid ?? 0);
  const one = (what: string, is: (command: string) => boolean): number => {
    const found = all.find(({ command, pid }) => pid !== child.pid && is(command));
    if (found === undefined) throw new Error(`no ${what} in ${JSON.stringify(all)}`);
    return found.pid;
  };
  // Both call themselves poseidon; the agent is the other's child.
  const demoPid = one("demo", (command) => command === "poseidon");
  const agent = all.find(({ parent, command }) => parent === demoPid && command === "poseidon")?.pid ?? 0;
  return { child, all, files, demo: demoPid, agent, port: Number(port) };
}

/** Whether anybody listens there. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

const KILLS: [string, (running: { child: ChildProcess; demo: number }) => void][] = [
  ["Ctrl-C", ({ child }) => process.kill(-(child.pid ?? 0), "SIGINT")],
  ["SIGKILL of the demo", ({ demo }) => process.kill(demo, "SIGKILL")],
  ["SIGKILL of the npm that runs it", ({ child }) => child.kill("SIGKILL")],
];

test.each(KILLS)("nothing of the demo and its agent is left after %s", async (_, kill) => {
  const running = await demo();
  const { child, all, agent, files, port } = running;
  expect(all.map(({ pid }) => pid)).toContain(agent);
  expect(await listens(port)).toBe(true);
  kill(running);
  const rest = () => living(all).map(({ command }) => command);
  await until("the end of all processes", () => rest().length === 0, PATIENT).catch(() =>
    expect(rest()).toEqual([]),
  );
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  expect(await listens(port)).toBe(false);
  expect(leftOf(agent)).toEqual([]);
  expect(readdirSync(files).filter((name) => !name.startsWith(".npm"))).toEqual([]);
});
