import { spawn } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { compileProgram } from "../../support/compiled-program.js";

/** The image of runners in which nothing runs; in those of every other one real processes do. */
export const NOTHING = "nothing";

/** Starts an agent in a process of its own, so that the load it gets does not hold it up; resolves with its port. It ends with the test. */
export async function agentProcess(token: string): Promise<number> {
  const program = compileProgram("test/soak/load/agent-program.ts");
  const child = spawn(process.execPath, [program.main], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env.PATH ?? "", POSEIDON_NOMAD_TOKEN: token },
  });
  const ended = once(child, "exit");
  onTestFinished(async () => {
    child.stdin.end();
    await ended;
    program.remove();
  });
  const dead = ended.then(() => Promise.reject(new Error("the agent did not start")));
  const [chunk] = await Promise.race([once(child.stdout, "data"), dead]);
  return Number(chunk);
}
