import { z } from "zod";
import { isNomadError } from "./errors.js";
import { callNomad, type NomadAnswer, type NomadRequest } from "./http.js";
import { type Listing, readAs, readPages } from "./paging.js";
import {
  agentSelfSchema,
  allocationSchema,
  evaluationSchema,
  jobSchema,
  jobStubSchema,
  nodeSchema,
  registerResponseSchema,
  schedulerConfigurationSchema,
} from "./schemas.js";
import type { NomadTransport } from "./transport.js";
import type { Allocation, Evaluation, Job, JobStub, NodeInfo, RegisterRequest } from "./wire.js";

/** What every call takes: a signal that gives it up (NomadError `aborted`). */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** What Nomad says to a register. */
export interface Registered {
  /** Empty where the change needs no evaluation. */
  readonly evalId: string;
  readonly jobModifyIndex: number;
  /** Nomad's warnings about the job, empty if it has none. */
  readonly warnings: string;
}

/** What we want to know of the agent that we speak to. */
export interface AgentSelf {
  readonly version: string | undefined;
  readonly region: string | undefined;
}

/** What we want to know of the scheduler. */
export interface SchedulerConfiguration {
  readonly memoryOversubscription: boolean;
}

/**
 * Nomad's API as far as we need it (nomad.md, "Endpoints"). Each call is over in time (ANSWER_MS) and rejects with a NomadError; a list has
 * that time for each page.
 */
export class NomadClient {
  readonly #transport: NomadTransport;

  constructor(transport: NomadTransport) {
    this.#transport = transport;
  }

  /**
   * Registers or updates a job. With `enforceIndex` only if the job still has this modify index (0: if there is no such job);
   * otherwise NomadError `conflict`.
   */
  async registerJob(
    job: Job,
    options: CallOptions & { readonly enforceIndex?: number } = {},
  ): Promise<Registered> {
    const { enforceIndex, signal } = options;
    const body: RegisterRequest = {
      Job: job,
      ...(enforceIndex !== undefined && { EnforceIndex: true, JobModifyIndex: enforceIndex }),
    };
    const answer = await this.#call({ method: "POST", path: "/v1/jobs", body, signal });
    const registered = readAs(registerResponseSchema, answer.body);
    return {
      evalId: registered.EvalID,
      jobModifyIndex: registered.JobModifyIndex,
      warnings: registered.Warnings ?? "",
    };
  }

  /** Turns HCL into a job, with Nomad's defaults filled in. */
  async parseHcl(text: string, options: CallOptions = {}): Promise<Job> {
    const body = { JobHCL: text, Canonicalize: true };
    const answer = await this.#call({ method: "POST", path: "/v1/jobs/parse", body, ...options });
    return readAs(jobSchema, withoutNulls(answer.body));
  }

  /** Removes a job; false if there was none. */
  async deregisterJob(id: string, options: CallOptions & { readonly purge: boolean }): Promise<boolean> {
    const { purge, signal } = options;
    const path = `/v1/job/${encodeURIComponent(id)}`;
    const query = { purge: String(purge) };
    return (await orUndefined(this.#call({ method: "DELETE", path, query, signal }))) !== undefined;
  }

  /** All jobs of the namespace whose ids begin with `prefix`; without groups and their meta. */
  async listJobs(options: CallOptions & { readonly prefix?: string } = {}): Promise<Listing<JobStub>> {
    return await this.#list("/v1/jobs", jobStubSchema, options, {});
  }

  /** A job with everything in it; undefined if there is none. */
  async readJob(id: string, options: CallOptions = {}): Promise<Job | undefined> {
    return await this.#read(`/v1/job/${encodeURIComponent(id)}`, jobSchema, options);
  }

  /** The allocations of a job, ended ones too, without their ports. */
  async jobAllocations(id: string, options: CallOptions = {}): Promise<readonly Allocation[]> {
    const path = `/v1/job/${encodeURIComponent(id)}/allocations`;
    return (await this.#read(path, z.array(allocationSchema).nullable(), options)) ?? [];
  }

  /** All allocations of the namespace, with their ports; `prefix` is one of allocation ids. */
  async listAllocations(
    options: CallOptions & { readonly prefix?: string } = {},
  ): Promise<Listing<Allocation>> {
    return await this.#list("/v1/allocations", allocationSchema, options, { resources: "true" });
  }

  /** An allocation; undefined if there is none. */
  async readAllocation(id: string, options: CallOptions = {}): Promise<Allocation | undefined> {
    return await this.#read(`/v1/allocation/${encodeURIComponent(id)}`, allocationSchema, options);
  }

  /** An evaluation; undefined if there is none (any more). */
  async readEvaluation(id: string, options: CallOptions = {}): Promise<Evaluation | undefined> {
    return await this.#read(`/v1/evaluation/${encodeURIComponent(id)}`, evaluationSchema, options);
  }

  /** A node; undefined if there is none. Needs `node:read`. */
  async readNode(id: string, options: CallOptions = {}): Promise<NodeInfo | undefined> {
    return await this.#read(`/v1/node/${encodeURIComponent(id)}`, nodeSchema, options);
  }

  /** The leader's address; empty while there is none. Needs no token. */
  async leader(options: CallOptions = {}): Promise<string> {
    const answer = await this.#call({ method: "GET", path: "/v1/status/leader", ...options });
    return readAs(z.string(), answer.body);
  }

  /** The agent that answers us. Needs `agent:read`. */
  async agentSelf(options: CallOptions = {}): Promise<AgentSelf> {
    const answer = await this.#call({ method: "GET", path: "/v1/agent/self", ...options });
    const { config } = readAs(agentSelfSchema, answer.body);
    return { version: config.Version?.Version, region: config.Region };
  }

  /** The scheduler's settings. Needs `operator:read`. */
  async schedulerConfiguration(options: CallOptions = {}): Promise<SchedulerConfiguration> {
    const path = "/v1/operator/scheduler/configuration";
    const answer = await this.#call({ method: "GET", path, ...options });
    const { SchedulerConfig: settings } = readAs(schedulerConfigurationSchema, answer.body);
    return { memoryOversubscription: settings?.MemoryOversubscriptionEnabled ?? false };
  }

  async #read<T>(path: string, schema: z.ZodType<T>, options: CallOptions): Promise<T | undefined> {
    const answer = await orUndefined(this.#call({ method: "GET", path, ...options }));
    return answer && readAs(schema, answer.body);
  }

  async #list<T>(
    path: string,
    schema: z.ZodType<T>,
    options: CallOptions & { readonly prefix?: string },
    query: Readonly<Record<string, string>>,
  ): Promise<Listing<T>> {
    const { prefix, signal } = options;
    return await readPages(schema, (page) =>
      this.#call({ method: "GET", path, query: { ...query, ...(prefix && { prefix }), ...page }, signal }),
    );
  }

  #call(request: NomadRequest): Promise<NomadAnswer> {
    return callNomad(this.#transport, request);
  }
}

async function orUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isNomadError(error, "not-found")) return undefined;
    throw error;
  }
}

/** `jobs/parse` writes what is not set as null, for numbers too; not set is what it means. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== null)
      .map(([name, field]) => [name, withoutNulls(field)]),
  );
}
