import { BenchClient } from "../client.js";
import type { BenchOptions } from "../options.js";
import { type RunningAgent, startAgent } from "./agent.js";
import { type NomadTarget, type ServerOptions, startServer } from "./server.js";

/** What is measured: a server, and the Nomad below it where that is known. */
export interface OpenTarget {
  readonly client: BenchClient;
  /** One line for the reader. */
  readonly description: string;
  /** Undefined for a server that was there already and whose Nomad was not named. */
  readonly nomad: NomadTarget | undefined;
  readonly isCluster: boolean;
  readonly serverPid: number | undefined;
  /** Ends the server, where the bench started it. Idempotent. */
  stopServer(): Promise<void>;
  /** Ends everything that the bench started. */
  close(): Promise<void>;
}

/** Starts what the options ask for. */
export async function openTarget(options: BenchOptions, signal: AbortSignal): Promise<OpenTarget> {
  if (options.url !== undefined) return openExisting(options, options.url);
  const { profile } = options;
  if (options.target === "cluster") {
    return openServer(clusterTarget(), {
      description: "a server on the cluster",
      isCluster: true,
      profile,
      signal,
    });
  }
  const agent: RunningAgent = await startAgent({ executor: options.executor, signal });
  const description = `a server on the embedded agent, executor ${agent.executor}`;
  try {
    const opened = await openServer(agent, { description, isCluster: false, profile, signal });
    const close = async (): Promise<void> => {
      await opened.close();
      await agent.stop();
    };
    return { ...opened, close };
  } catch (error) {
    await agent.stop();
    throw error;
  }
}

/** The Nomad of `NOMAD_ADDR` and `NOMAD_TOKEN`. */
export function clusterTarget(): NomadTarget {
  const { hostname, port } = new URL(process.env["NOMAD_ADDR"] ?? "http://127.0.0.1:4646");
  return { host: hostname, port: Number(port || 80), token: process.env["NOMAD_TOKEN"] ?? "" };
}

async function openServer(
  nomad: NomadTarget,
  options: { readonly description: string; readonly isCluster: boolean } & ServerOptions,
): Promise<OpenTarget> {
  const { description, isCluster } = options;
  const server = await startServer(nomad, options);
  return {
    client: server.client,
    description,
    nomad,
    isCluster,
    serverPid: server.pid,
    stopServer: server.stop,
    close: server.stop,
  };
}

async function openExisting({ token, pid, target }: BenchOptions, url: string): Promise<OpenTarget> {
  const client = new BenchClient({ url, token });
  await client.untilReady(5_000);
  const isCluster = target === "cluster";
  return {
    client,
    description: "a server that runs already",
    nomad: isCluster ? clusterTarget() : undefined,
    isCluster,
    serverPid: pid,
    stopServer: async () => undefined,
    close: () => client.close(),
  };
}
