import { Lab } from "../../support/lab.js";
import type { Figures, TestServer } from "../../support/server.js";
import { until } from "../../support/until.js";

/** One runner is marked ahead in each pool, so that claims of both kinds come. */
const VARIABLES = { POSEIDON_NOMAD_WARM: "1", POSEIDON_SERVER_SHUTDOWNTIMEOUT: "0" };

/** Many commands on a busy machine: long waits. */
const WITHIN = { within: 40_000 };

/** What lifecycle.md promises, as simply as it can be said. */
export interface Model {
  /** Pool sizes of the environments that there are. */
  readonly pools: Map<number, number>;
  /** Every runner that was ever handed out, and whether its client still has it. */
  readonly runners: Map<string, "used" | "gone">;
  /** A server died: what it had reserved counts as used although nobody has it (lifecycle.md, "Claiming"). */
  crashed: boolean;
}

/** The world before the first command. */
export function emptyModel(): Model {
  return { pools: new Map(), runners: new Map(), crashed: false };
}

/** The used runners of the model, oldest first. */
export function usedOf(model: Model, environment?: number): string[] {
  return [...model.runners]
    .filter(
      ([id, state]) => state === "used" && (environment === undefined || id.startsWith(`${environment}-`)),
    )
    .map(([id]) => id);
}

/** An agent and the one server that works with it, which can be replaced by another. */
export class World {
  readonly lab: Lab;
  server: TestServer;

  private constructor(lab: Lab, server: TestServer) {
    this.lab = lab;
    this.server = server;
  }

  static async create(): Promise<World> {
    const lab = await Lab.start({ delayScale: 0.001 });
    return new World(lab, await lab.server(VARIABLES));
  }

  /** The server dies, and another one starts. */
  async crash(): Promise<void> {
    this.server.crash();
    this.server = await this.lab.server(VARIABLES);
  }

  /** The server is stopped, and another one starts. */
  async restart(): Promise<void> {
    await this.server.stop();
    this.server = await this.lab.server(VARIABLES);
  }

  stop(): Promise<void> {
    return this.lab.stop();
  }

  /** Waits until everything is as the model has it, and throws with the difference when it does not come to that. */
  async check(model: Model): Promise<void> {
    let difference = "";
    await until(
      "the world as it should be",
      async () => {
        // Events may be lost: a fetch looks for itself.
        await this.server.client.call("GET", "/execution-environments?fetch=true");
        difference = await this.#difference(model);
        return difference === "";
      },
      WITHIN,
    ).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}: ${difference}`, { cause: error });
    });
    for (const [id, state] of model.runners) {
      const status = await this.server.statusOf(id);
      if (status !== (state === "used" ? 200 : 410))
        throw new Error(`${id} is ${state}, and answers ${status}`);
    }
  }

  async #difference(model: Model): Promise<string> {
    const answer = await this.server.client.call("GET", "/statistics/execution-environments");
    const all = Object.entries(answer.json() as Record<string, Figures>);
    const found = all.map(([id, { prewarmingPoolSize }]) => `${id}:${prewarmingPoolSize}`).join(" ");
    const wanted = [...model.pools]
      .sort(([a], [b]) => a - b)
      .map(([id, size]) => `${id}:${size}`)
      .join(" ");
    if (found !== wanted) return `environments ${found} in place of ${wanted}`;
    let jobs = 0;
    for (const [id, figures] of all) {
      const used = usedOf(model, Number(id)).length;
      const { idleRunners, startingRunners, usedRunners, prewarmingPoolSize } = figures;
      if (idleRunners !== prewarmingPoolSize || startingRunners !== 0)
        return `pool ${id} has ${idleRunners} idle and ${startingRunners} starting runners of ${prewarmingPoolSize}`;
      if (model.crashed ? usedRunners < used : usedRunners !== used)
        return `environment ${id} has ${usedRunners} used runners in place of ${used}`;
      jobs += 1 + idleRunners + usedRunners;
    }
    const living = await this.lab.livingJobIds();
    return living.length === jobs ? "" : `${jobs} jobs are known, Nomad has ${living.join(" ")}`;
  }
}
