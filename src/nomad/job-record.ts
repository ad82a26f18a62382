import { configMeta, definitionOf, withConfigMeta } from "./job-definition.js";
import { parseJobId } from "./job-ids.js";
import type { Job, Meta } from "./wire.js";

/** A job of ours as it stands at Nomad. */
export interface JobRecord {
  readonly id: string;
  readonly kind: "template" | "runner";
  readonly environmentId: number;
  /** Without id, name and the config group's meta, so that the jobs of one environment share it in memory. */
  readonly body: Job;
  /** The config group's meta; undefined when the job has no such group (then it is not one of ours). */
  readonly meta: Meta | undefined;
  /** What `EnforceIndex` compares; changes with the definition only. */
  readonly jobModifyIndex: number;
  readonly modifyIndex: number;
  readonly createIndex: number;
  readonly status: string;
  /** When it was registered as it stands, by Nomad's clock, in ms since 1970; 0 where that is not known. */
  readonly submittedAt: number;
}

/** How many different bodies are kept for sharing; past it they start anew. */
const MOST_BODIES = 1_000;

/** Makes JobRecords whose equal bodies are one object: 10,000 runners of 200 environments must fit into memory (performance.md). */
export class JobRecords {
  readonly #bodies = new Map<string, Job>();

  /** The record of a job; undefined when its id is not of our forms. */
  of(job: Job): JobRecord | undefined {
    const parsed = parseJobId(job.ID);
    if (parsed === undefined) return undefined;
    return {
      id: job.ID,
      ...parsed,
      body: this.#shared(withConfigMeta({ ...definitionOf(job), ID: "", Name: "" }, {})),
      meta: configMeta(job),
      jobModifyIndex: job.JobModifyIndex ?? 0,
      modifyIndex: modifyIndexOf(job),
      createIndex: job.CreateIndex ?? job.JobModifyIndex ?? 0,
      submittedAt: (job.SubmitTime ?? 0) / 1e6,
      status: statusOf(job),
    };
  }

  #shared(body: Job): Job {
    const key = JSON.stringify(body);
    const known = this.#bodies.get(key);
    if (known !== undefined) return known;
    if (this.#bodies.size >= MOST_BODIES) this.#bodies.clear();
    this.#bodies.set(key, body);
    return body;
  }
}

/** A job's status; a stopped one is as good as dead, whatever of it still runs. */
export function statusOf({ Stop, Status }: Pick<Job, "Stop" | "Status">): string {
  return Stop === true ? "dead" : (Status ?? "pending");
}

/** When a job changed last; its definition, where nothing else is known. */
export function modifyIndexOf({ ModifyIndex, JobModifyIndex }: Job): number {
  return ModifyIndex ?? JobModifyIndex ?? 0;
}

/** The job of a record, to be registered again with this meta in its config group. */
export function jobWithMeta({ id, body }: JobRecord, meta: Meta): Job {
  return withConfigMeta({ ...body, ID: id, Name: id }, meta);
}

/** The job of a record as it stands. */
export function jobOf(record: JobRecord): Job {
  return jobWithMeta(record, record.meta ?? {});
}
