import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What a program did. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in the repository's root, at most for four minutes, whatever its exit code. */
export function tryRun(
  program: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  // BuildKit is a plugin of Docker's client that not every machine has.
  const env = { ...process.env, DOCKER_BUILDKIT: "0", ...variables };
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: ROOT, env, timeout: 240_000 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") reject(error);
      else resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

/** As `tryRun`; what the program wrote to stdout, without blanks around it. Rejects unless it ends with 0. */
export async function run(
  program: string,
  args: readonly string[],
  variables?: Readonly<Record<string, string>>,
): Promise<string> {
  const { code, stdout, stderr } = await tryRun(program, args, variables);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${code}\n${stdout}${stderr}`);
  return stdout.trim();
}

/** Docker's client, on the Docker that DOCKER_HOST names. */
export const docker = (...args: string[]): Promise<string> => run("docker", args);
