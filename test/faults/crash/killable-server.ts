import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { ApiClient } from "../../api/suite/client.js";

const TOKEN = "token of the server";

/** How a server process is started. */
export interface KillableServerOptions {
  /** The compiled entry file. */
  readonly entry: string;
  readonly nomad: { readonly port: number; readonly token: string };
  readonly variables?: Readonly<Record<string, string>>;
  /** Where it kills itself, and the how manieth time. */
  readonly crash?: { readonly at: string; readonly count: number };
}

/** A server in a process of its own, which dies as processes die. */
export class KillableServer {
  readonly client: ApiClient;
  /** Resolves with the signal that ended the process, null when it ended by itself. */
  readonly ended: Promise<NodeJS.Signals | null>;
  readonly #child: ChildProcess;
  #points = "";

  private constructor(child: ChildProcess, ended: Promise<NodeJS.Signals | null>, port: number) {
    this.#child = child;
    this.ended = ended;
    (child.stdio[3] as Readable).on("data", (chunk) => {
      this.#points += chunk;
    });
    this.client = new ApiClient({
      baseUrl: `http://127.0.0.1:${port}`,
      token: TOKEN,
      image: "any",
      firstEnvironmentId: 0,
      twoUsers: false,
      mapsPorts: false,
      separateStderr: true,
    });
  }

  /** Resolves once it listens; undefined when it died before. */
  static async start(options: KillableServerOptions): Promise<KillableServer> {
    const { entry, nomad, variables = {}, crash } = options;
    const child = spawn(process.execPath, [entry], {
      stdio: ["ignore", "pipe", "inherit", "pipe"],
      env: {
        PATH: process.env.PATH,
        POSEIDON_SERVER_PORT: "0",
        POSEIDON_SERVER_TOKEN: TOKEN,
        POSEIDON_SERVER_SHUTDOWNTIMEOUT: "1",
        POSEIDON_NOMAD_ADDRESS: "127.0.0.1",
        POSEIDON_NOMAD_PORT: String(nomad.port),
        POSEIDON_NOMAD_TOKEN: nomad.token,
        ...variables,
        ...(crash && { CRASH_AT: crash.at, CRASH_COUNT: String(crash.count) }),
      },
    });
    // Its streams are over too, so that all points it told are here.
    const ended = once(child, "close").then(([, signal]) => signal as NodeJS.Signals | null);
    const line = once(child.stdout as Readable, "data").then(([chunk]) => Number(chunk));
    const port = await Promise.race([line, ended.then(() => Number.NaN)]);
    return new KillableServer(child, ended, port);
  }

  /** The points that it came to, in order. */
  get points(): readonly string[] {
    return this.#points.split("\n").slice(0, -1);
  }

  kill(signal: "SIGKILL" | "SIGTERM"): void {
    this.#child.kill(signal);
  }

  async stop(): Promise<void> {
    this.kill("SIGKILL");
    await this.ended;
    await this.client.close();
  }
}
