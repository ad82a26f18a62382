// `npm run soak -- --minutes N`: cycles, faults and two kills of the server for N minutes (3 by default); other arguments go to vitest.
import { spawnSync } from "node:child_process";

const { minutes, rest } = read(process.argv.slice(2));
// One file after the other: each measures a process, and takes the whole machine.
const { status } = spawnSync(
  "npx",
  ["vitest", "run", "--project", "soak", "--no-file-parallelism", ...rest],
  {
    stdio: "inherit",
    env: { ...process.env, POSEIDON_SOAK_MINUTES: String(minutes) },
  },
);
process.exitCode = status ?? 1;

function read(args) {
  const at = args.findIndex((arg) => arg === "--minutes" || arg.startsWith("--minutes="));
  if (at === -1) return { minutes: 3, rest: args };
  const joined = args[at].includes("=");
  const minutes = Number(joined ? args[at].split("=")[1] : args[at + 1]);
  if (!(minutes >= 1 && minutes <= 120)) throw new Error("--minutes takes a number from 1 to 120");
  return { minutes, rest: args.toSpliced(at, joined ? 1 : 2) };
}
