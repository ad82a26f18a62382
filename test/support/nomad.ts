import { configMeta } from "../../src/nomad/job-definition.js";
import type { Allocation, Job, JobStub, Meta } from "../../src/nomad/wire.js";
import { until } from "./until.js";

/** Where a Nomad of a test is. */
export interface NomadPlace {
  /** `http://127.0.0.1:4646` */
  readonly address: string;
  /** Empty: none. */
  readonly token: string;
  readonly namespace: string;
}

/** An answer of Nomad; `body` is the text where that is no JSON. */
export interface NomadAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of many shapes, and fails where they are others
  readonly body: any;
}

/** What a test sees and does at Nomad itself, behind the server's back. */
export class Nomad {
  readonly place: NomadPlace;

  constructor(place: NomadPlace) {
    this.place = place;
  }

  async call(method: string, path: string, json?: unknown): Promise<NomadAnswer> {
    const { address, token, namespace } = this.place;
    const url = new URL(path, address);
    url.searchParams.set("namespace", namespace);
    const answer = await fetch(url, {
      method,
      headers: token === "" ? {} : { "X-Nomad-Token": token },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const text = await answer.text();
    try {
      return { status: answer.status, body: JSON.parse(text) };
    } catch {
      return { status: answer.status, body: text };
    }
  }

  /** As `call`; throws on an error. */
  async must(method: string, path: string, json?: unknown): Promise<NomadAnswer["body"]> {
    const { status, body } = await this.call(method, path, json);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** The ids of the jobs that begin like this. */
  async jobIds(prefix = ""): Promise<string[]> {
    const stubs: JobStub[] = await this.must("GET", `/v1/jobs?prefix=${prefix}`);
    return stubs.map(({ ID }) => ID);
  }

  /** As `jobIds`, without those that were stopped and that Nomad keeps for a while. */
  async livingJobIds(prefix = ""): Promise<string[]> {
    const stubs: JobStub[] = await this.must("GET", `/v1/jobs?prefix=${prefix}`);
    return stubs.filter(({ Status }) => Status !== "dead").map(({ ID }) => ID);
  }

  async job(id: string): Promise<Job | undefined> {
    const { status, body } = await this.call("GET", `/v1/job/${id}`);
    return status === 200 ? body : undefined;
  }

  /** The config group's meta of a job. */
  async meta(id: string): Promise<Meta | undefined> {
    const job = await this.job(id);
    return job && configMeta(job);
  }

  async register(job: object): Promise<void> {
    await this.must("POST", "/v1/jobs", { Job: job });
  }

  async purge(id: string): Promise<void> {
    await this.must("DELETE", `/v1/job/${id}?purge=true`);
  }

  /** The newest allocation of a job, whole. */
  async allocation(jobId: string): Promise<Allocation> {
    const newest = await until(`an allocation of ${jobId}`, async () => {
      const found: Allocation[] = await this.must("GET", `/v1/job/${jobId}/allocations`);
      return found.sort((one, other) => other.CreateIndex - one.CreateIndex)[0];
    });
    return this.must("GET", `/v1/allocation/${newest.ID}`);
  }

  /** Makes the namespace; removed with all jobs in it by `removeNamespace`. */
  async makeNamespace(): Promise<void> {
    const { namespace } = this.place;
    await this.must("POST", `/v1/namespace/${namespace}`, { Name: namespace });
  }

  async removeNamespace(): Promise<void> {
    const { namespace } = this.place;
    for (const id of await this.jobIds()) await this.purge(id);
    await until(
      `the end of namespace ${namespace}`,
      async () => (await this.call("DELETE", `/v1/namespace/${namespace}`)).status === 200,
      { within: 30_000 },
    );
  }
}
