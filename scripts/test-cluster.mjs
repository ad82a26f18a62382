// The tests that need a real Nomad, or Docker. `--full` adds those that break their cluster and take long; `--targets` runs only the
// suites that every target must pass, on all three. Everything else is vitest's.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const own = new Set(["--full", "--targets"]);
const given = new Set(process.argv.slice(2).filter((argument) => own.has(argument)));
const rest = process.argv.slice(2).filter((argument) => !own.has(argument));
const projects = given.has("--targets") ? ["contract", "api", "cluster", "docker"] : ["cluster", "docker"];
const suites = [
  "contract/agent",
  "api/agent",
  "cluster/contract",
  "cluster/api",
  "docker/contract",
  "docker/api",
];

const require = createRequire(import.meta.url);
const vitest = join(
  dirname(require.resolve("vitest/package.json")),
  require("vitest/package.json").bin.vitest,
);
const child = spawn(
  process.execPath,
  [
    vitest,
    "run",
    ...projects.flatMap((name) => ["--project", name]),
    ...(given.has("--targets") ? suites.map((suite) => `test/${suite}.test.ts`) : []),
    ...rest,
  ],
  { stdio: "inherit", env: { ...process.env, ...(given.has("--full") ? { POSEIDON_TEST_FULL: "1" } : {}) } },
);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.once("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
