import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import type { OwnCluster } from "../own-cluster.js";

/** What an agent's configuration says of its own places and ports. */
export interface AgentPlace {
  /** Below the cluster's, so that it goes with it. */
  readonly folder: string;
}

/** One more Nomad agent of a cluster, a server or a client, which may be ended and started again. */
export class FurtherAgent {
  readonly #cluster: OwnCluster;
  readonly #name: string;
  readonly #folder: string;
  /** What runs before Nomad's executable, such as `nsenter`. */
  readonly #before: readonly string[];
  #process: ChildProcess | undefined;

  constructor(
    cluster: OwnCluster,
    options: {
      readonly name: string;
      readonly config: (place: AgentPlace) => string;
      readonly before?: readonly string[];
    },
  ) {
    this.#cluster = cluster;
    this.#name = options.name;
    this.#before = options.before ?? [];
    // A short path, for the Unix sockets of its tasks.
    this.#folder = `${cluster.folder}/run/${options.name}`;
    mkdirSync(this.#folder, { mode: 0o711 });
    writeFileSync(`${this.#folder}/agent.hcl`, options.config({ folder: this.#folder }));
  }

  start(): void {
    const log = openSync(`${this.#cluster.folder}/log/${this.#name}.log`, "a");
    const [command = "", ...words] = [
      ...this.#before,
      this.#cluster.binary,
      "agent",
      "-config",
      `${this.#folder}/agent.hcl`,
    ];
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith("NOMAD_"));
    this.#process = spawn(command, words, {
      // By the mark down.sh finds it, whatever becomes of the tests.
      env: { ...Object.fromEntries(own), POSEIDON_CLUSTER_MARK: this.#cluster.folder },
      stdio: ["ignore", log, log],
      detached: true,
    });
    closeSync(log);
  }

  /** Ends it with a signal; resolves when it is gone. */
  async end(signal: "SIGINT" | "SIGKILL"): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }
}
