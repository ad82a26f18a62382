import { type EvaluationRecord, nanoseconds } from "../state/records.js";

/** A pending evaluation of the same job as `base`. Its indexes are set by the transaction that stores it. */
export function newEvaluation(
  base: Pick<EvaluationRecord, "JobID" | "Namespace" | "Type" | "TriggeredBy" | "JobModifyIndex">,
  fields: { readonly ID: string; readonly [field: string]: unknown },
): EvaluationRecord {
  const now = nanoseconds();
  return {
    CreateIndex: 0,
    CreateTime: now,
    JobID: base.JobID,
    ...(base.JobModifyIndex === undefined ? {} : { JobModifyIndex: base.JobModifyIndex }),
    ModifyIndex: 0,
    ModifyTime: now,
    Namespace: base.Namespace,
    Priority: 50,
    Status: "pending",
    TriggeredBy: base.TriggeredBy,
    Type: base.Type,
    ...fields,
  };
}
