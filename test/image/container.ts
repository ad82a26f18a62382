import { until } from "../support/until.js";
import { IMAGE } from "./names.js";
import { docker, type Ran, run, tryRun } from "./run.js";

/** As docs/installation.md runs it: nothing to write to, no capability, no way to get one. */
export const HARDENED = [
  "--read-only",
  "--cap-drop",
  "ALL",
  "--security-opt",
  "no-new-privileges",
  "--network",
  "host",
];

/** Runs the image's program to its end in a container that is removed then. */
export function runOnce(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return tryRun("docker", ["run", "--rm", ...HARDENED, ...environmentFlags(variables), IMAGE, ...args]);
}

/** A container of the image that runs the server. */
export class Container {
  readonly id: string;

  private constructor(id: string) {
    this.id = id;
  }

  static async start(variables: Readonly<Record<string, string>>): Promise<Container> {
    const flags = [...HARDENED, "--health-interval", "1s", ...environmentFlags(variables)];
    return new Container(await docker("run", "--detach", ...flags, IMAGE));
  }

  /** What a program inside of it writes. */
  exec(...command: string[]): Promise<Ran> {
    return tryRun("docker", ["exec", this.id, ...command]);
  }

  async isHealthy(): Promise<void> {
    await until(
      "a healthy container",
      async () => (await this.inspect("{{.State.Health.Status}}")) === "healthy",
      { within: 60_000, every: 200 },
    );
  }

  inspect(format: string): Promise<string> {
    return docker("inspect", "--format", format, this.id);
  }

  /** As `docker stop` has it: SIGTERM, and after 30 s SIGKILL. Gives the exit code. */
  async stop(): Promise<number> {
    await docker("stop", "-t", "30", this.id);
    return Number(await this.inspect("{{.State.ExitCode}}"));
  }

  /** Its log, both streams. */
  log(): Promise<string> {
    return run("sh", ["-c", 'docker logs "$0" 2>&1', this.id]);
  }

  async remove(): Promise<void> {
    await docker("rm", "--force", this.id);
  }
}

const environmentFlags = (variables: Readonly<Record<string, string>>): string[] =>
  Object.entries(variables).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
