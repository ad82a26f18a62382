import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Nomad } from "../support/nomad.js";

const run = promisify(execFile);
const SCRIPTS = fileURLToPath(new URL(".", import.meta.url));
const UP_TIMEOUT_MS = 300_000;

/** Whether tests that break a cluster of their own are wanted (`npm run test:cluster -- --full`). */
export const isFullRun = process.env.POSEIDON_TEST_FULL === "1";

/** A cluster that belongs to one test file, which may do to it what it likes. */
export class OwnCluster {
  readonly nomad: Nomad;
  readonly image: string;
  /** Its own, removed by `down`. */
  readonly folder: string;
  /** Of Nomad's HTTP API. */
  readonly port: number;
  /** What it runs: Nomad's executable. */
  readonly binary: string;
  /** `unix://…` */
  readonly dockerHost: string;
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(folder: string, environment: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.port = Number(environment["NOMAD_PORT"]);
    this.#environment = environment;
    const found = Object.fromEntries(
      [...readFileSync(`${folder}/env`, "utf8").matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [
        name,
        value,
      ]),
    );
    this.image = found["POSEIDON_TEST_IMAGE"] ?? "";
    this.binary = found["NOMAD_BIN"] ?? "";
    this.dockerHost = found["DOCKER_HOST"] ?? "";
    this.nomad = new Nomad({
      address: found["NOMAD_ADDR"] ?? "",
      token: found["NOMAD_TOKEN"] ?? "",
      namespace: "default",
    });
  }

  /**
   * `port`: Nomad's; the two behind it and, modulo 16, its networks are taken too. `config`: more for the agent, of the cluster's folder.
   * `daemon`: Docker's daemon.json.
   */
  static async up(options: {
    readonly port: number;
    readonly variables?: Readonly<Record<string, string>>;
    readonly config?: (folder: string) => string;
    readonly daemon?: object;
  }): Promise<OwnCluster> {
    // Short, for the Unix sockets in it.
    const folder = mkdtempSync("/tmp/psd-");
    const { port, variables = {}, config, daemon } = options;
    const environment: Record<string, string> = {
      NOMAD_PORT: String(port),
      POSEIDON_CLUSTER_DIR: folder,
      ...variables,
    };
    if (config !== undefined) {
      environment["NOMAD_EXTRA_CONFIG"] = `${folder}/extra.hcl`;
      writeFileSync(`${folder}/extra.hcl`, config(folder));
    }
    if (daemon !== undefined) {
      mkdirSync(`${folder}/run`, { mode: 0o711 });
      writeFileSync(`${folder}/run/daemon.json`, JSON.stringify(daemon));
    }
    try {
      await script("up.sh", environment);
      return new OwnCluster(folder, environment);
    } catch (error) {
      await script("down.sh", environment);
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Starts what of it does not run; resolves when its node is ready. */
  async up(): Promise<void> {
    await script("up.sh", this.#environment);
  }

  /** Ends one of its daemons with a signal; resolves when the process is gone. */
  async kill(name: "nomad" | "dockerd", signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const pid = this.#pid(name);
    process.kill(pid, signal);
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Nomad's agent stands still, and answers nothing more. */
  freeze(): void {
    process.kill(this.#pid("nomad"), "SIGSTOP");
  }

  /** It goes on. */
  thaw(): void {
    process.kill(this.#pid("nomad"), "SIGCONT");
  }

  #pid(name: "nomad" | "dockerd"): number {
    return Number(readFileSync(`${this.folder}/run/${name}.pid`, "utf8"));
  }

  async down(): Promise<void> {
    await script("down.sh", this.#environment);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function script(name: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const { NOMAD_ADDR: _address, NOMAD_TOKEN: _token, DOCKER_HOST: _docker, ...own } = process.env;
  await run("bash", [`${SCRIPTS}${name}`], {
    env: { ...own, ...environment },
    timeout: UP_TIMEOUT_MS,
  });
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
}
