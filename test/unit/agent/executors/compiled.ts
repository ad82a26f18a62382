import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const SOURCES = fileURLToPath(new URL("../../../../src/", import.meta.url));
const NEEDED = ["agent/executor.ts", "agent/executors/", "lib/"];

/** A script that starts one task with a process that lives on, says so, and then waits for its end. */
const SCRIPT = `
import { chooseExecutor } from "./agent/executors/choose.js";
const quiet = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, child() { return quiet; } };
const [name, number] = process.argv.slice(2);
const executor = await chooseExecutor({ name, logger: quiet });
const task = await executor.start({
  allocationId: "a", jobId: "j", image: undefined, driverConfig: {}, command: ["sleep", "infinity"], cpu: 100, memory: 256, network: false,
  dns: undefined, ports: [],
  environment: {},
});
const exec = async (command, tty) => {
  const process = await task.exec({ command, tty });
  let stdout = "";
  process.onStdout = (chunk) => { stdout += chunk; };
  return { process, read: () => stdout };
};
const identity = await exec(["/sbin/setuser", "user", "/bin/bash", "-c", "id -u; ulimit -u; echo hello >/dev/stderr"], false);
await identity.process.exited;
await identity.process.drained;
await exec(["/bin/bash", "-c", "setsid sleep " + number + " & sleep " + number + "; :"], true);
await exec(["/bin/sleep", number], false);
const seen = await exec(["/bin/bash", "-c", "until (( $(pgrep -fxc '(/bin/)?sleep " + number + "') >= 3 )); do sleep 0.01; done"], false);
await seen.process.exited;
console.log(JSON.stringify({ executor: executor.name, notices: executor.notices, identity: identity.read() }));
process.stdin.on("data", () => executor.close().then(() => process.exit(0)));
`;

/** What the script says once its processes run. */
export interface Started {
  readonly child: ChildProcess;
  readonly executor: string;
  readonly notices: readonly string[];
  readonly identity: string;
}

/** Compiles the executors into a folder that every user can read, and returns it: another process has to run them. */
export function compileExecutors(): string {
  const folder = mkdtempSync(join(tmpdir(), "executors-test-"));
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(SOURCES, { recursive: true, withFileTypes: true })) {
    const path = relative(SOURCES, join(entry.parentPath, entry.name));
    if (!entry.isFile() || !path.endsWith(".ts") || !NEEDED.some((needed) => path.startsWith(needed)))
      continue;
    const options = {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
    };
    const { outputText } = ts.transpileModule(readFileSync(join(SOURCES, path), "utf8"), {
      compilerOptions: options,
    });
    const target = join(folder, path.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
    writeFileSync(target, outputText);
  }
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(join(folder, "script.js"), SCRIPT);
  return folder;
}

/** Runs the script in a process of its own, with this executor; resolves once its task's processes (`sleep NUMBER`) run. */
export async function startElsewhere(
  folder: string,
  options: { readonly executor: string; readonly number: string; readonly uid?: number },
): Promise<Started> {
  const { uid } = options;
  const child = spawn(process.execPath, [join(folder, "script.js"), options.executor, options.number], {
    cwd: "/",
    stdio: ["pipe", "pipe", "pipe"],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const line = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("\n")) resolve(text);
    });
    child.once("close", (code) => reject(new Error(`it ended with ${code}: ${errors}`)));
  });
  return { child, ...(JSON.parse(line) as Omit<Started, "child">) };
}
