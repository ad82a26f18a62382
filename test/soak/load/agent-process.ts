import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { CompiledProgram } from "../../support/compiled-program.js";

/** The image of runners in which nothing runs; in those of every other one real processes do. */
export const NOTHING = "nothing";

const SCRIPT = fileURLToPath(new URL("agent-process.mjs", import.meta.url));

/** Starts an agent in a process of its own, so that the load it gets does not hold it up; resolves with its port. It ends with the test. */
export async function agentProcess(program: CompiledProgram, token: string): Promise<number> {
  const child = spawn(process.execPath, [SCRIPT, dirname(program.main)], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env.PATH ?? "", POSEIDON_NOMAD_TOKEN: token },
  });
  const ended = once(child, "exit");
  onTestFinished(async () => {
    child.stdin.end();
    await ended;
  });
  const [chunk] = await Promise.race([once(child.stdout, "data"), ended]);
  return Number(chunk);
}
