import { randomUUID } from "node:crypto";
import { newEvaluation } from "../../scheduler/new-evaluation.js";
import type { JobRecord } from "../../state/records.js";
import type { AgentContext } from "../context.js";
import { type AgentAnswer, type AgentRequest, flagOf, namespaceOf } from "../request.js";

/**
 * `DELETE /v1/job/:id`: stops a job, with `purge=true` forgets it. A purge takes the allocations out of the state at once, without an
 * event for them (nomad.md); their tasks end after that. A job that is not there is answered with empty ids.
 */
export function deregisterJob(context: AgentContext, request: AgentRequest, id: string): AgentAnswer {
  const purge = flagOf(request, "purge");
  const namespace = namespaceOf(request);
  const job = context.store.job(namespace, id);
  if (job === undefined) return answer(0, "");
  const running = context.store.allocationsOf(namespace, id).map((allocation) => allocation.ID);
  const evaluation = newEvaluation(
    // Nomad makes these evaluations of type service whatever the job is, unless the job stays.
    { JobID: id, Namespace: namespace, Type: purge ? "service" : job.Type, TriggeredBy: "job-deregister" },
    { ID: randomUUID(), Priority: job.Priority },
  );
  const index = context.store.commit("JobDeregistered", (transaction) => {
    if (purge) transaction.deleteJob(job);
    else transaction.putJob(stopped(job, transaction.index));
    transaction.endBatch();
    transaction.putEvaluations([{ ...evaluation, JobModifyIndex: transaction.index }]);
  });
  if (purge) {
    for (const allocationId of running) {
      context.placer.release(allocationId);
      context.client.stop(allocationId);
    }
  }
  context.scheduler.enqueue(evaluation.ID);
  return answer(index, evaluation.ID);
}

function stopped(job: JobRecord, index: number): JobRecord {
  return { ...job, Stop: true, JobModifyIndex: index, Version: job.Version + 1 };
}

function answer(index: number, evaluationId: string): AgentAnswer {
  return {
    index,
    body: {
      EvalCreateIndex: index,
      EvalID: evaluationId,
      Index: index,
      JobModifyIndex: index,
      KnownLeader: false,
      LastContact: 0,
      NextToken: "",
      VolumeEvalID: "",
      VolumeEvalIndex: 0,
    },
  };
}
