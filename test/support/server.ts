import { Agent, request } from "undici";
import { type App, type AppOptions, createApp } from "../../src/app.js";
import { resolveConfig } from "../../src/config/resolve.js";
import { type Answer, ApiClient } from "../api/suite/client.js";
import { Gate } from "./gate.js";
import { type LogLine, recordingLogger } from "./recording-logger.js";
import { until } from "./until.js";

const TOKEN = "token of the server";

/** The figures of one environment. */
export interface Figures {
  readonly prewarmingPoolSize: number;
  readonly idleRunners: number;
  readonly startingRunners: number;
  readonly usedRunners: number;
}

/** A server of this project in this process, with a gate between it and Nomad, and a client. */
export class TestServer {
  readonly client: ApiClient;
  readonly gate: Gate;
  readonly lines: readonly LogLine[];
  readonly #app: App;
  /** As many connections as there are requests: a burst of them is to arrive as one. */
  readonly #burst = new Agent();

  private constructor(app: App, parts: { client: ApiClient; gate: Gate; lines: readonly LogLine[] }) {
    this.#app = app;
    this.client = parts.client;
    this.gate = parts.gate;
    this.lines = parts.lines;
  }

  /** Starts one with `variables` (`POSEIDON_…`) over the defaults; `recovered: false` does not wait for Nomad. */
  static async start(options: {
    readonly nomad: { readonly host: string; readonly port: number; readonly token: string };
    readonly variables?: Readonly<Record<string, string>>;
    readonly gateOpen?: boolean;
    readonly recovered?: boolean;
    readonly timings?: AppOptions["timings"];
  }): Promise<TestServer> {
    const { nomad, variables = {}, gateOpen = true, recovered = true, timings = {} } = options;
    const gate = new Gate(nomad);
    await gate.open();
    if (!gateOpen) gate.close();
    const { config } = resolveConfig({
      file: { path: "", text: undefined },
      environment: {
        POSEIDON_SERVER_PORT: "0",
        POSEIDON_SERVER_TOKEN: TOKEN,
        POSEIDON_SERVER_SHUTDOWNTIMEOUT: "1",
        POSEIDON_NOMAD_ADDRESS: "127.0.0.1",
        POSEIDON_NOMAD_PORT: String(gate.port),
        POSEIDON_NOMAD_TOKEN: nomad.token,
        ...variables,
      },
      randomToken: () => "random",
    });
    const lines: LogLine[] = [];
    const app = createApp(config, { logger: recordingLogger(lines), timings });
    const { port } = await app.start();
    const client = new ApiClient({
      baseUrl: `http://127.0.0.1:${port}`,
      token: TOKEN,
      image: "any",
      firstEnvironmentId: 0,
      twoUsers: false,
      mapsPorts: false,
      path: config.nomad.warm === 0 ? "plain" : "fast",
      separateStderr: config.server.interactivestderr,
    });
    const server = new TestServer(app, { client, gate, lines });
    if (recovered) await server.recovered();
    return server;
  }

  async recovered(): Promise<void> {
    await until("the server's recovery", async () => {
      return (await this.client.call("GET", "/execution-environments")).status === 200;
    });
  }

  /** One claim, whatever the answer. */
  claim(environmentId: number, inactivityTimeout = 0): Promise<Answer> {
    return this.#call("POST", "/runners", { executionEnvironmentId: environmentId, inactivityTimeout });
  }

  /** Gives a runner back, whatever the answer. */
  release(runnerId: string): Promise<Answer> {
    return this.#call("DELETE", `/runners/${runnerId}`);
  }

  async #call(method: "POST" | "DELETE", path: string, json?: unknown): Promise<Answer> {
    const { statusCode, headers, body } = await request(`${this.client.target.baseUrl}/api/v1${path}`, {
      method,
      dispatcher: this.#burst,
      headers: { "Poseidon-Token": TOKEN },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const bytes = Buffer.from(await body.arrayBuffer());
    const text = String(bytes);
    return { status: statusCode, headers, bytes, text, json: () => JSON.parse(text) };
  }

  /** A claim that must succeed at once; its runner's id. */
  async claimed(environmentId: number, inactivityTimeout = 0): Promise<string> {
    const answer = await this.claim(environmentId, inactivityTimeout);
    if (answer.status !== 200) throw new Error(`claim: ${answer.status} ${answer.text}`);
    return answer.json().runnerId;
  }

  /** Whether a whole visit works: a runner is claimed, runs a command and is given back. */
  async serves(environmentId: number): Promise<boolean> {
    const claimed = await this.claim(environmentId);
    if (claimed.status !== 200) return false;
    const runner = { id: claimed.json().runnerId, mappedPorts: [] };
    const { stdout } = await this.client.run(runner, { command: "echo served" });
    return (await this.release(runner.id)).status === 204 && stdout === "served\r\n";
  }

  async figures(environmentId: number): Promise<Figures | undefined> {
    const answer = await this.client.call("GET", "/statistics/execution-environments");
    return answer.json()[String(environmentId)];
  }

  /** Resolves once the environment's figures are these. */
  async settled(
    environmentId: number,
    wanted: { readonly idle: number; readonly starting?: number; readonly used?: number },
    options: { readonly within?: number; readonly every?: number } = {},
  ): Promise<void> {
    const { idle, starting = 0, used } = wanted;
    let last: Figures | undefined;
    await until(
      `environment ${environmentId} with ${JSON.stringify(wanted)}`,
      async () => {
        last = await this.figures(environmentId);
        if (last === undefined) return false;
        const { idleRunners, startingRunners, usedRunners } = last;
        return idleRunners === idle && startingRunners === starting && (used ?? usedRunners) === usedRunners;
      },
      options,
    ).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}; last: ${JSON.stringify(last)}`, { cause: error });
    });
  }

  /** The status that a request for a runner gets: 200 for one that is there, 410. */
  async statusOf(runnerId: string): Promise<number> {
    const answer = await this.client.call("POST", `/runners/${runnerId}/execute`, {
      json: { command: "true" },
    });
    return answer.status;
  }

  /** Dies, as Nomad sees it: no word from it comes through any more. */
  crash(): void {
    this.gate.close();
  }

  /** As SIGUSR2 does. */
  tellState(): void {
    this.#app.tellState();
  }

  /** Stops the server while its client goes on. */
  stopApp(): Promise<void> {
    return this.#app.stop();
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.#burst.destroy();
    await this.#app.stop();
    this.gate.close();
  }
}
