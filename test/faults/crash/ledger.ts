import WebSocket from "ws";
import type { Answer, ApiClient } from "../../api/suite/client.js";
import { samplesAt } from "../../support/samples.js";
import { until } from "../../support/until.js";

/** What a client may rely on about a runner that it was given. */
type Holding = "held" | "returned" | "unsure";

/** Many servers at once on one machine: seldom looks, and long waits. */
const PATIENT = { within: 60_000, every: 50 };

const FINAL = ["exit", "timeout", "error"];

/**
 * Clients of a server that may die at any moment, and what they know afterwards: an answer that came counts, a request that broke may or may not have
 * been done. No request is ever sent twice.
 */
export class Ledger {
  readonly runners = new Map<string, Holding>();
  /** Size of the pool; undefined for an environment that may or may not be there, or whose size is not sure. */
  readonly environments = new Map<number, number | "deleted" | undefined>();
  readonly #client: ApiClient;
  readonly #messages: string[][] = [];
  readonly #sockets: WebSocket[] = [];

  constructor(client: ApiClient) {
    this.#client = client;
  }

  async put(id: number, size: number): Promise<void> {
    this.environments.set(id, undefined);
    this.#doubt(id);
    const answer = await this.#call("PUT", `/execution-environments/${id}`, {
      ...{ image: "any", prewarmingPoolSize: size, cpuLimit: 20, memoryLimit: 100 },
      ...{ networkAccess: false, exposedPorts: [] },
    });
    if (answer !== undefined && answer.status < 300) this.environments.set(id, size);
  }

  async delete(id: number): Promise<void> {
    this.environments.set(id, undefined);
    this.#doubt(id);
    if ((await this.#call("DELETE", `/execution-environments/${id}`))?.status === 204)
      this.environments.set(id, "deleted");
  }

  /** The id of the runner that was handed out; undefined without an answer. Throws when it was handed out before. */
  async claim(environmentId: number): Promise<string | undefined> {
    const json = { executionEnvironmentId: environmentId, inactivityTimeout: 900 };
    const answer = await this.#call("POST", "/runners", json);
    if (answer?.status !== 200) return undefined;
    const id: string = answer.json().runnerId;
    if (this.runners.has(id)) throw new Error(`handed out twice: ${id}`);
    this.runners.set(id, "held");
    return id;
  }

  async release(id: string): Promise<void> {
    this.runners.set(id, "unsure");
    if ((await this.#call("DELETE", `/runners/${id}`))?.status === 204) this.runners.set(id, "returned");
  }

  /** Runs a command to its end, however that looks; with it the runner may go. */
  async execute(id: string): Promise<void> {
    this.runners.set(id, "unsure");
    const answer = await this.#call("POST", `/runners/${id}/execute`, { command: "true" });
    if (answer?.status !== 200) return;
    const socket = new WebSocket(answer.json().websocketUrl, {
      headers: { "Poseidon-Token": this.#client.target.token },
    });
    const messages: string[] = [];
    this.#messages.push(messages);
    this.#sockets.push(socket);
    socket.on("message", (data) => messages.push(JSON.parse(String(data)).type));
    socket.on("error", () => undefined);
    await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  }

  /** Resolves once the runner is gone, or the server is dead. */
  async gone(id: string): Promise<void> {
    await until(
      `${id} to be gone`,
      async () => {
        const answer = await this.#call("POST", `/runners/${id}/execute`, { command: "true" });
        return answer === undefined || answer.status === 410;
      },
      PATIENT,
    );
  }

  /** Resolves once the pool is as it should be, or the server is dead. */
  async settled(id: number, idle: number): Promise<void> {
    await until(
      `environment ${id} with ${idle} idle runners`,
      async () => {
        const answer = await this.#call("GET", "/statistics/execution-environments");
        if (answer === undefined) return true;
        const figures = answer.json()[String(id)];
        return figures?.idleRunners === idle && figures.startingRunners === 0;
      },
      PATIENT,
    );
  }

  /** Resolves once a runner of the environment is reserved, or the server is dead. */
  async reserved(id: number): Promise<void> {
    const sample = `poseidon_pool_runners{environment_id="${id}",state="reserved"}`;
    await until(
      `a reserved runner of environment ${id}`,
      async () => {
        const samples = await samplesAt(this.#client.target).catch(() => undefined);
        return samples === undefined || (samples.get(sample) ?? 0) > 0;
      },
      PATIENT,
    );
  }

  /** The ends that each accepted execution got: one, or none and a broken connection. */
  get ends(): readonly number[] {
    return this.#messages.map((messages) => messages.filter((type) => FINAL.includes(type)).length);
  }

  close(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  /** Whatever is done to an environment may take its runners. */
  #doubt(environmentId: number): void {
    for (const id of this.runners.keys())
      if (id.startsWith(`${environmentId}-`)) this.runners.set(id, "unsure");
  }

  async #call(method: string, path: string, json?: unknown): Promise<Answer | undefined> {
    try {
      return await this.#client.call(method, path, json === undefined ? {} : { json });
    } catch {
      return undefined;
    }
  }
}
