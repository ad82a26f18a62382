import { randomBytes } from "node:crypto";
import { BenchClient } from "../client.js";
import { type Program, startProgram } from "./program.js";

/** A Nomad, real or embedded, that servers are started on. */
export interface NomadTarget {
  readonly host: string;
  readonly port: number;
  readonly token: string;
}

/** A server of this project in a process of its own. */
export interface RunningServer {
  readonly pid: number;
  readonly client: BenchClient;
  /** From its start until it serves every route, ms. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

/** How a server is started. */
export interface ServerOptions {
  /** `POSEIDON_…`, over the bench's own. */
  readonly variables?: Readonly<Record<string, string>>;
  /** A folder for its CPU profile. */
  readonly profile?: string | undefined;
  readonly signal: AbortSignal;
}

const LISTENING = /"msg":"listening".*?"port":(\d+)/;

/** Starts a server on a free port and waits until it has recovered. */
export async function startServer(nomad: NomadTarget, options: ServerOptions): Promise<RunningServer> {
  const token = randomBytes(16).toString("hex");
  const start = performance.now();
  const program: Program = await startProgram({
    arguments: ["serve"],
    nodeArguments: options.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${options.profile}`],
    environment: {
      POSEIDON_SERVER_ADDRESS: "127.0.0.1",
      POSEIDON_SERVER_PORT: "0",
      POSEIDON_SERVER_TOKEN: token,
      POSEIDON_SERVER_SHUTDOWNTIMEOUT: "2",
      POSEIDON_NOMAD_ADDRESS: nomad.host,
      POSEIDON_NOMAD_PORT: String(nomad.port),
      POSEIDON_NOMAD_TOKEN: nomad.token,
      POSEIDON_NOMAD_DISABLEFORCEPULL: "true",
      POSEIDON_LOGGER_LEVEL: "info",
      POSEIDON_LOGGER_FORMATTER: "JSONFormatter",
      ...options.variables,
    },
    readyLine: LISTENING,
    signal: options.signal,
  });
  const client = new BenchClient({ url: `http://127.0.0.1:${program.ready[1]}`, token });
  try {
    await client.untilReady();
  } catch (error) {
    await program.stop();
    throw error;
  }
  const readyMs = performance.now() - start;
  const stop = async (): Promise<void> => {
    await client.close();
    await program.stop();
  };
  return { pid: program.pid, client, readyMs, stop };
}
