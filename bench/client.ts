import { setTimeout as sleep } from "node:timers/promises";
import { Agent, type Dispatcher } from "undici";
import { type MetricSample, parseMetrics } from "./measure/metrics.js";

/** Where a server of this API is. */
export interface ServerAddress {
  /** Without `/api/v1`: `http://127.0.0.1:7200`. */
  readonly url: string;
  readonly token: string;
}

/** The figures of one environment. */
export interface EnvironmentFigures {
  readonly idleRunners: number;
  readonly usedRunners: number;
  readonly startingRunners?: number;
}

/** An answer that was not the expected one. Its text holds what the server said. */
export class UnexpectedAnswer extends Error {
  constructor(what: string, status: number, text: string) {
    super(`${what}: ${status} ${text.slice(0, 200)}`.trimEnd());
    this.name = "UnexpectedAnswer";
  }
}

/** Creating an environment may take minutes, everything else seconds. ms. */
const LONGEST_CALL = 300_000;
const POLL_MS = 5;

/** A client of the API as the bench needs it: kept connections, and nothing parsed that is not needed. */
export class BenchClient {
  readonly address: ServerAddress;
  readonly #agent = new Agent({ headersTimeout: LONGEST_CALL, bodyTimeout: LONGEST_CALL, pipelining: 1 });

  constructor(address: ServerAddress) {
    this.address = address;
  }

  /** Sends a request and reads the whole answer; throws UnexpectedAnswer when its status is none of `expected`. */
  async call(
    method: Dispatcher.HttpMethod,
    path: string,
    options: { readonly body?: string | undefined; readonly expected?: readonly number[] } = {},
  ): Promise<Buffer> {
    const { body, expected = [200, 201, 204] } = options;
    const answer = await this.#agent.request({
      origin: this.address.url,
      path,
      method,
      headers: {
        "poseidon-token": this.address.token,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body }),
    });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    if (expected.includes(answer.statusCode)) return bytes;
    throw new UnexpectedAnswer(`${method} ${path.split("?")[0]}`, answer.statusCode, bytes.toString());
  }

  async createEnvironment(id: number, settings: EnvironmentRequest): Promise<void> {
    const body = JSON.stringify({ networkAccess: false, exposedPorts: [], ...settings });
    await this.call("PUT", `/api/v1/execution-environments/${id}`, { body });
  }

  async deleteEnvironment(id: number): Promise<void> {
    await this.call("DELETE", `/api/v1/execution-environments/${id}`, { expected: [204, 404] });
  }

  /** Claims a runner; its id. */
  async claim(environmentId: number): Promise<string> {
    const body = `{"executionEnvironmentId":${environmentId},"inactivityTimeout":600}`;
    const answer: unknown = JSON.parse(String(await this.call("POST", "/api/v1/runners", { body })));
    return (answer as { readonly runnerId: string }).runnerId;
  }

  async giveBack(runnerId: string): Promise<void> {
    await this.call("DELETE", `/api/v1/runners/${runnerId}`, { expected: [204, 410] });
  }

  async figures(environmentId: number): Promise<EnvironmentFigures | undefined> {
    const all: unknown = JSON.parse(
      String(await this.call("GET", "/api/v1/statistics/execution-environments")),
    );
    return (all as Readonly<Record<string, EnvironmentFigures>>)[environmentId];
  }

  /** Resolves once this many runners are idle and none is starting; rejects after `withinMs`. */
  async untilIdle(environmentId: number, idle: number, withinMs = 120_000): Promise<void> {
    const end = performance.now() + withinMs;
    for (;;) {
      const figures = await this.figures(environmentId);
      if (figures !== undefined && figures.idleRunners >= idle && (figures.startingRunners ?? 0) === 0)
        return;
      if (performance.now() > end) {
        throw new Error(`${idle} idle runners were not there within ${Math.round(withinMs / 1_000)} s`);
      }
      await sleep(POLL_MS);
    }
  }

  /** Resolves once the server serves all routes; rejects after `withinMs`. */
  async untilReady(withinMs = 60_000): Promise<void> {
    const end = performance.now() + withinMs;
    for (;;) {
      try {
        await this.call("GET", "/api/v1/execution-environments");
        return;
      } catch (error) {
        if (performance.now() > end) throw error;
      }
      await sleep(POLL_MS);
    }
  }

  /** The metrics page; nothing where the server has none. */
  async metrics(): Promise<readonly MetricSample[]> {
    try {
      return parseMetrics(String(await this.call("GET", "/metrics")));
    } catch {
      return [];
    }
  }

  /** Gives the connections back. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** What an environment is made of. */
export interface EnvironmentRequest {
  readonly image: string;
  readonly prewarmingPoolSize: number;
  /** MHz. */
  readonly cpuLimit: number;
  /** MB. */
  readonly memoryLimit: number;
}
