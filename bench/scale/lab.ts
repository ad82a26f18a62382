import { type LoopDelay, loopDelay } from "../measure/metrics.js";
import { processUse } from "../measure/processes.js";
import { type RunningAgent, startLoadAgent } from "../target/agent.js";
import { type RunningServer, type ServerOptions, startServer } from "../target/server.js";

/** No bound on connections: the agent has none, and each execution takes two. */
const VARIABLES = { POSEIDON_NOMAD_CONNECTIONS: "0" };

/** An agent whose runners have no processes, with a server on it. */
export class LoadLab {
  readonly agent: RunningAgent;
  #server: RunningServer;
  readonly #options: ServerOptions;

  private constructor(agent: RunningAgent, server: RunningServer, options: ServerOptions) {
    this.agent = agent;
    this.#server = server;
    this.#options = options;
  }

  static async start(parts: Pick<ServerOptions, "profile" | "signal">): Promise<LoadLab> {
    const options = { variables: VARIABLES, ...parts };
    const agent = await startLoadAgent(options);
    try {
      return new LoadLab(agent, await startServer(agent, options), options);
    } catch (error) {
      await agent.stop();
      throw error;
    }
  }

  get server(): RunningServer {
    return this.#server;
  }

  /** Stops the server and starts another one; ms of the start, until every route is served. */
  async restartServer(): Promise<number> {
    await this.#server.stop();
    this.#server = await startServer(this.agent, this.#options);
    return this.#server.readyMs;
  }

  /** Has the agent make events; resolves when they are over, with how many there were. */
  async events(options: { readonly rate: number; readonly duration: number }): Promise<number> {
    const answer = await fetch(`http://${this.agent.host}:${this.agent.port}/v1/faults`, {
      method: "POST",
      headers: { "X-Nomad-Token": this.agent.token },
      body: JSON.stringify({ fault: "repeat-updates", ...options }),
    });
    if (answer.status !== 200)
      throw new Error(`the agent made no events: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { readonly sent: number }).sent;
  }

  /** What the server took while `work` ran. */
  async watch<T>(work: () => Promise<T>): Promise<Watched & { readonly result: T }> {
    const { pid, client } = this.#server;
    // The figures of the event loop are those since they were last read.
    await client.metrics();
    const before = processUse(pid);
    const start = performance.now();
    const result = await work();
    const ms = performance.now() - start;
    const after = processUse(pid);
    const loop = loopDelay(await client.metrics());
    return {
      result,
      ms,
      cpuMs: (after?.cpuMs ?? Number.NaN) - (before?.cpuMs ?? Number.NaN),
      memoryMiB: after?.memoryMiB ?? Number.NaN,
      loop: loop ?? { p99: Number.NaN, max: Number.NaN },
    };
  }

  async stop(): Promise<void> {
    await this.#server.stop().finally(() => this.agent.stop());
  }
}

/** What the server's process took for something. */
export interface Watched {
  readonly ms: number;
  readonly cpuMs: number;
  /** At the end, resident. */
  readonly memoryMiB: number;
  readonly loop: LoopDelay;
}
