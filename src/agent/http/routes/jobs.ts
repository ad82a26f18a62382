import type { JobRecord } from "../../state/records.js";
import { jobKey } from "../../state/records.js";
import type { AgentContext } from "../context.js";
import { HttpError } from "../http-error.js";
import { compareText, pageRequestOf, paginate } from "../paginate.js";
import { type AgentAnswer, type AgentRequest, flagOf, namespaceOf } from "../request.js";
import { allocationStub } from "./allocation-stub.js";
import { jobStub } from "./job-stub.js";

/** `GET /v1/jobs`: stubs in the order of their ids, by prefix, page by page. */
export function listJobs(context: AgentContext, request: AgentRequest): AgentAnswer {
  const { store } = context;
  const namespace = namespaceOf(request);
  const prefix = request.query.get("prefix") ?? "";
  const meta = flagOf(request, "meta");
  const keys =
    namespace === "*"
      ? store.jobKeys.sorted().filter((key) => key.slice(key.indexOf("\0") + 1).startsWith(prefix))
      : store.jobKeys.withPrefix(jobKey(namespace, prefix));
  const page = paginate(keys, pageRequestOf(request.query), {
    tokenOf: (key) => key.replace("\0", "."),
    compare: compareText,
  });
  const jobs = page.items.flatMap((key) => store.jobs.get(key) ?? []);
  return {
    body: jobs.map((job) => jobStub(store, job, { meta })),
    index: Math.max(store.tables.jobs, store.tables.summaries),
    isRead: true,
    ...(page.nextToken === undefined ? {} : { nextToken: page.nextToken }),
  };
}

/** `GET /v1/job/:id`. */
export function readJob(context: AgentContext, request: AgentRequest, id: string): AgentAnswer {
  const job = jobOrFail(context, namespaceOf(request), id);
  return { body: job, index: job.ModifyIndex, isRead: true };
}

/** `GET /v1/job/:id/allocations`; an empty list for a job that is not there. */
export function jobAllocations(context: AgentContext, request: AgentRequest, id: string): AgentAnswer {
  const allocations = context.store.allocationsOf(namespaceOf(request), id);
  const sorted = [...allocations].sort((a, b) => compareText(a.ID, b.ID));
  return {
    body: sorted.map((allocation) => allocationStub(allocation, { resources: false })),
    index: context.store.tables.allocations,
    isRead: true,
  };
}

/**
 * `GET /v1/job/:id/evaluations`; those of a purged job stay for a while. Nomad 1.10.5 takes the id for a prefix here (contract suite).
 */
export function jobEvaluations(context: AgentContext, request: AgentRequest, id: string): AgentAnswer {
  const namespace = namespaceOf(request);
  const evaluations = [...context.store.evaluations.values()].filter(
    (one) => one.Namespace === namespace && one.JobID.startsWith(id),
  );
  return {
    body: evaluations.sort((a, b) => compareText(a.ID, b.ID)),
    index: context.store.tables.evaluations,
    isRead: true,
  };
}

function jobOrFail(context: AgentContext, namespace: string, id: string): JobRecord {
  const job = context.store.job(namespace, id);
  if (job === undefined) throw new HttpError(404, "job not found", { index: context.store.tables.jobs });
  return job;
}
