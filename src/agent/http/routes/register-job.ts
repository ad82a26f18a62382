import { randomUUID } from "node:crypto";
import { canonicalJob } from "../../job/canonical-job.js";
import { isSpecChanged } from "../../job/compare-jobs.js";
import { multiError } from "../../job/multi-error.js";
import { asNumber, asObject, asText, type JsonObject } from "../../job/pick.js";
import { validateJob } from "../../job/validate-job.js";
import { newEvaluation } from "../../scheduler/new-evaluation.js";
import { type JobRecord, nanoseconds } from "../../state/records.js";
import type { AgentContext } from "../context.js";
import { HttpError } from "../http-error.js";
import type { AgentAnswer, AgentRequest } from "../request.js";
import { readJson } from "../request.js";

/**
 * `POST /v1/jobs`: registers or updates a job. What is refused is refused in Nomad's words; an unchanged job gets a new evaluation but
 * no new version.
 */
export async function registerJob(context: AgentContext, request: AgentRequest): Promise<AgentAnswer> {
  const body = asObject(await readJson(request));
  if (body.Job === undefined || body.Job === null) throw new HttpError(400, "Job must be specified");
  const source = asObject(body.Job);
  if (typeof source.ID !== "string") throw new HttpError(400, "Job ID hasn't been provided");
  const expectedId = /^\/v1\/job\/(.+)$/.exec(request.path)?.[1];
  if (expectedId !== undefined && source.ID !== expectedId) {
    throw new HttpError(400, "Job ID does not match name");
  }
  const namespace =
    request.query.get("namespace") || asText(source.Namespace) || asText(body.Namespace) || "default";
  const job = canonicalJob(source, namespace);
  checkJob(context, job, namespace);
  const existing = context.store.job(namespace, asText(job.ID));
  if (body.EnforceIndex === true) enforceIndex(existing, asNumber(body.JobModifyIndex, 0));
  return commitRegistration(context, job as unknown as JobRecord, existing);
}

function checkJob(context: AgentContext, job: JsonObject, namespace: string): void {
  if (namespace !== "default" && !context.settings.namespaces.includes(namespace)) {
    const error = `job "${asText(job.ID)}" is in nonexistent namespace "${namespace}"`;
    throw new HttpError(500, multiError([error]));
  }
  const error = validateJob(job);
  if (error !== undefined) throw new HttpError(500, error);
}

function enforceIndex(existing: JobRecord | undefined, index: number): void {
  const prefix = `Enforcing job modify index ${index}`;
  if (existing === undefined) {
    if (index !== 0) throw new HttpError(500, `${prefix}: job does not exist`);
  } else if (index === 0) {
    throw new HttpError(500, `${prefix}: job already exists`);
  } else if (index !== existing.JobModifyIndex) {
    const conflict = `job exists with conflicting job modify index: ${existing.JobModifyIndex}`;
    throw new HttpError(500, `${prefix}: ${conflict}`);
  }
}

function commitRegistration(
  context: AgentContext,
  job: JobRecord,
  existing: JobRecord | undefined,
): AgentAnswer {
  const { store } = context;
  const changed = existing === undefined || isSpecChanged(existing, job);
  const evaluation = newEvaluation(
    { JobID: job.ID, Namespace: job.Namespace, Type: job.Type, TriggeredBy: "job-register" },
    { ID: randomUUID(), Priority: job.Priority },
  );
  let jobModifyIndex = existing?.JobModifyIndex ?? 0;
  const index = store.commit(changed ? "JobRegistered" : "EvaluationUpdated", (transaction) => {
    if (changed) {
      jobModifyIndex = transaction.index;
      transaction.putJob({
        ...job,
        CreateIndex: existing?.CreateIndex ?? 0,
        JobModifyIndex: transaction.index,
        Status: existing?.Status ?? "pending",
        SubmitTime: nanoseconds(),
        Version: existing === undefined ? 0 : existing.Version + 1,
      });
      transaction.endBatch();
    }
    transaction.putEvaluations([{ ...evaluation, JobModifyIndex: jobModifyIndex }]);
  });
  context.scheduler.enqueue(evaluation.ID);
  return {
    index,
    body: {
      EvalCreateIndex: index,
      EvalID: evaluation.ID,
      Index: index,
      JobModifyIndex: jobModifyIndex,
      KnownLeader: false,
      LastContact: 0,
      NextToken: "",
      Warnings: "",
    },
  };
}
