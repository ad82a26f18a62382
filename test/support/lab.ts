import { type Agent, createAgent } from "../../src/agent/agent.js";
import type { Executor } from "../../src/agent/executor.js";
import { createNullExecutor } from "../../src/agent/executors/null.js";
import type { AgentOptions } from "../../src/agent/options.js";
import { configMeta } from "../../src/nomad/job-definition.js";
import type { Allocation, Job, JobStub, Meta } from "../../src/nomad/wire.js";
import { silentLogger } from "../../src/telemetry/silent-logger.js";
import { TestServer } from "./server.js";
import { until } from "./until.js";

const TOKEN = "token of the agent";

/** An embedded agent with fault injection, the servers that work with it, and what a test wants to see or do at Nomad itself. */
export class Lab {
  readonly #agent: Agent;
  readonly #base: string;
  readonly #port: number;
  readonly #servers: TestServer[] = [];

  private constructor(agent: Agent, port: number) {
    this.#agent = agent;
    this.#port = port;
    this.#base = `http://127.0.0.1:${port}`;
  }

  static async start(options: Partial<AgentOptions> & { readonly executor?: Executor } = {}): Promise<Lab> {
    const agent = createAgent({
      executor: createNullExecutor(),
      token: TOKEN,
      logger: silentLogger,
      faults: true,
      ...options,
    });
    const { port } = await agent.start();
    return new Lab(agent, port);
  }

  /** Where it is, for a server that the test starts by itself. */
  get nomad(): { readonly host: string; readonly port: number; readonly token: string } {
    return { host: "127.0.0.1", port: this.#port, token: TOKEN };
  }

  /** Where the agent listens, on 127.0.0.1. */
  get port(): number {
    return this.#port;
  }

  async server(
    variables: Readonly<Record<string, string>> = {},
    options: Pick<Parameters<typeof TestServer.start>[0], "gateOpen" | "recovered" | "timings"> = {},
  ): Promise<TestServer> {
    const server = await TestServer.start({ nomad: this.nomad, variables, ...options });
    this.#servers.push(server);
    return server;
  }

  async stop(): Promise<void> {
    await this.fault().catch(() => undefined);
    await Promise.all(this.#servers.map((server) => server.stop()));
    await this.#agent.stop();
  }

  /** Stops all servers and faults and removes every job, so that the next test's server has nothing of this one's to work on. */
  async stopServers(): Promise<void> {
    await this.fault();
    await Promise.all(this.#servers.splice(0).map((server) => server.stop()));
    await Promise.all((await this.jobIds()).map((id) => this.purge(id)));
  }

  /** Injects a fault; without one ends all. */
  async fault(fault?: Readonly<Record<string, unknown>>): Promise<void> {
    const { status, body } = await this.call(fault === undefined ? "DELETE" : "POST", "/v1/faults", fault);
    if (status !== 200) throw new Error(`fault: ${status} ${JSON.stringify(body)}`);
  }

  async call(method: string, path: string, json?: unknown): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`${this.#base}${path}`, {
      method,
      headers: { "X-Nomad-Token": TOKEN },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const text = await answer.text();
    try {
      return { status: answer.status, body: JSON.parse(text) };
    } catch {
      return { status: answer.status, body: text };
    }
  }

  /** The ids of all jobs that begin like this. */
  async jobIds(prefix = ""): Promise<string[]> {
    const { body } = await this.call("GET", `/v1/jobs?prefix=${prefix}`);
    return (body as JobStub[]).map(({ ID }) => ID);
  }

  /** The ids of all jobs but dead ones, which are ignored (lifecycle.md). */
  async livingJobIds(): Promise<string[]> {
    const { body } = await this.call("GET", "/v1/jobs");
    return (body as JobStub[]).filter(({ Status }) => Status !== "dead").map(({ ID }) => ID);
  }

  async job(id: string): Promise<Job | undefined> {
    const { status, body } = await this.call("GET", `/v1/job/${id}`);
    return status === 200 ? (body as Job) : undefined;
  }

  /** The config group's meta of a job. */
  async meta(id: string): Promise<Meta | undefined> {
    const job = await this.job(id);
    return job && configMeta(job);
  }

  async register(job: object): Promise<void> {
    const { status, body } = await this.call("POST", "/v1/jobs", { Job: job });
    if (status !== 200) throw new Error(`register: ${status} ${body}`);
  }

  async purge(id: string): Promise<void> {
    await this.call("DELETE", `/v1/job/${id}?purge=true`);
  }

  /** The newest allocation of a job, with its ports. */
  async allocation(jobId: string): Promise<Allocation> {
    const newest = await until(`an allocation of ${jobId}`, async () => {
      const { body } = await this.call("GET", `/v1/job/${jobId}/allocations`);
      return [...(body as Allocation[])].sort((one, other) => other.CreateIndex - one.CreateIndex)[0];
    });
    return (await this.call("GET", `/v1/allocation/${newest.ID}`)).body as Allocation;
  }

  /** Ends the newest allocation of a job. */
  async kill(jobId: string, how: "failed" | "oom" | "restart" | "lost" | "complete"): Promise<void> {
    const { ID } = await this.allocation(jobId);
    await this.fault({ fault: "kill-allocation", allocation: ID, how });
  }

  /** Moves the newest allocation of a job, as a drain does. */
  async reschedule(jobId: string): Promise<void> {
    const { ID } = await this.allocation(jobId);
    await this.fault({ fault: "reschedule-allocation", allocation: ID });
  }
}
