// `npm run soak -- --minutes N --seed S`: cycles, faults and two kills of the server for N minutes (3 by default), by chance that S tells again as far as
// time allows; other arguments go to vitest.
import { spawnSync } from "node:child_process";

const { minutes, seed, rest } = read(process.argv.slice(2));
// One file after the other: each measures a process, and takes the whole machine.
const { status } = spawnSync(
  "npx",
  ["vitest", "run", "--project", "soak", "--no-file-parallelism", ...rest],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      POSEIDON_SOAK_MINUTES: String(minutes),
      ...(seed === undefined ? {} : { POSEIDON_SOAK_SEED: String(seed) }),
    },
  },
);
process.exitCode = status ?? 1;

function read(args) {
  const minutes = take(args, "--minutes", { least: 1, most: 120 });
  const seed = take(minutes.rest, "--seed", { least: 0, most: 2 ** 32 - 1 });
  return { minutes: minutes.value ?? 3, seed: seed.value, rest: seed.rest };
}

function take(args, name, { least, most }) {
  const at = args.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
  if (at === -1) return { value: undefined, rest: args };
  const joined = args[at].includes("=");
  const value = Number(joined ? args[at].split("=")[1] : args[at + 1]);
  if (!(value >= least && value <= most)) throw new Error(`${name} takes a number from ${least} to ${most}`);
  return { value, rest: args.toSpliced(at, joined ? 1 : 2) };
}
