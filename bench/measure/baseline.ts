import { spawn } from "node:child_process";
import { once } from "node:events";
import { NomadClient } from "../../src/nomad/client.js";
import { ConnectionLimiters } from "../../src/nomad/connection-limiters.js";
import type { ExecEnd, ExecSession, ExecTarget } from "../../src/nomad/exec.js";
import { NomadExecOpener } from "../../src/nomad/exec-opener.js";
import { NomadTransport } from "../../src/nomad/transport.js";
import { silentLogger } from "../../src/telemetry/silent-logger.js";
import type { NomadTarget } from "../target/server.js";
import { timed } from "./repeat.js";

/** What every time is compared with. */
export interface Baseline {
  readonly name: string;
  /** One measurement, ms. */
  once(): Promise<number>;
  close(): Promise<void>;
}

/** `spawn('/bin/bash', ['-c', 'true'])` from Node to its end. */
export const spawnBaseline: Baseline = {
  name: "spawn of bash -c true",
  once: () => timed(async () => once(spawn("/bin/bash", ["-c", "true"], { stdio: "ignore" }), "exit")),
  close: async () => undefined,
};

/** Exec sessions of our own at Nomad, for the baseline and to see where time goes. */
export class PlainSessions {
  readonly #transport: NomadTransport;
  readonly #client: NomadClient;
  readonly #opener: NomadExecOpener;

  constructor(nomad: NomadTarget) {
    const { host, port, token } = nomad;
    const options = { address: host, port, token, namespace: "default", connections: 20 };
    this.#transport = new NomadTransport(options);
    this.#client = new NomadClient(this.#transport);
    const limiters = new ConnectionLimiters({ server: this.#transport.endpoint, connections: 20 });
    this.#opener = new NomadExecOpener({
      transport: this.#transport,
      client: this.#client,
      limiters,
      logger: silentLogger,
    });
  }

  async start(): Promise<void> {
    await this.#transport.start();
  }

  async stop(): Promise<void> {
    this.#opener.stop();
    await this.#transport.stop();
  }

  /** Where the runner's sessions go to. */
  async targetOf(runnerId: string): Promise<ExecTarget> {
    const [allocation] = await this.#client.jobAllocations(runnerId);
    if (allocation === undefined) throw new Error("the runner has no allocation");
    return { allocationId: allocation.ID, nodeId: allocation.NodeID };
  }

  /** Opens a session of a command, and gives what it writes to `onStdout`. */
  async open(
    target: ExecTarget,
    command: readonly string[],
    handlers: { readonly onStdout: (chunk: Buffer) => void; readonly onEnd: (end: ExecEnd) => void },
  ): Promise<ExecSession> {
    const all = { ...handlers, onStderr: () => undefined };
    return await this.#opener.open(target, { command, tty: false, handlers: all });
  }

  /** Runs a command in a session of its own, from the opening to the end. */
  async run(target: ExecTarget, command: readonly string[]): Promise<void> {
    const end = await new Promise<ExecEnd>((resolve, reject) => {
      this.open(target, command, { onStdout: () => undefined, onEnd: resolve }).catch(reject);
    });
    if (end.kind !== "exited" || end.exitCode !== 0) throw new Error(`a plain session ended: ${end.kind}`);
  }
}

/** A plain exec session of `true` at Nomad through our own client, open to closed, in a runner that the bench has claimed. */
export async function sessionBaseline(nomad: NomadTarget, runnerId: string): Promise<Baseline> {
  const sessions = new PlainSessions(nomad);
  await sessions.start();
  const target = await sessions.targetOf(runnerId);
  return {
    name: "plain exec session of true",
    once: () => timed(() => sessions.run(target, ["true"])),
    close: () => sessions.stop(),
  };
}
