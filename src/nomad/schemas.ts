import { z } from "zod";
import type {
  Allocation,
  Evaluation,
  ExecOutputFrame,
  Job,
  JobStub,
  NodeInfo,
  RegisterResponse,
} from "./wire.js";

/*
 * Only the fields that this project reads are checked. Those of a job are kept all, since jobs are registered again; of everything else
 * fields that are not named here are dropped: lists have thousands of objects. Go writes an empty list or map as null.
 */

/** Checks a value and hands it over as it is, without a copy. */
function whole<T>(schema: z.ZodType<T>): z.ZodType<T> {
  return z.unknown().transform((value, context) => {
    // zod asks for an optional field that is not there too, and ignores the answer: most events have no job, and errors are dear.
    if (value === undefined) {
      context.addIssue({ code: "invalid_type", expected: "object", input: value });
      return z.NEVER;
    }
    const result = schema.safeParse(value);
    if (result.success) return value as T;
    for (const issue of result.error.issues) context.addIssue({ ...issue });
    return z.NEVER;
  });
}

const index = z.int().nonnegative();
const meta = z.record(z.string(), z.string()).nullable();
const counts = z.record(z.string(), z.number()).nullable();

const port = z.object({
  Label: z.string(),
  Value: z.int().exactOptional(),
  To: z.int().exactOptional(),
});

const network = z.object({
  Mode: z.string().exactOptional(),
  ReservedPorts: z.array(port).nullable().exactOptional(),
  DynamicPorts: z.array(port).nullable().exactOptional(),
});

const resources = z.object({
  CPU: z.number().exactOptional(),
  MemoryMB: z.number().exactOptional(),
  MemoryMaxMB: z.number().exactOptional(),
});

const task = z.object({
  Name: z.string(),
  Driver: z.string(),
  Config: z.record(z.string(), z.unknown()).nullable().exactOptional(),
  Resources: resources.nullable().exactOptional(),
});

const taskGroup = z.object({
  Name: z.string(),
  Count: z.int().nullable().exactOptional(),
  Tasks: z.array(task).nullable().exactOptional(),
  Networks: z.array(network).nullable().exactOptional(),
  Meta: meta.exactOptional(),
});

/** A job as `GET /v1/job/:id`, `POST /v1/jobs/parse` and events have it. */
export const jobSchema: z.ZodType<Job> = whole<Job>(
  z.object({
    ID: z.string(),
    Name: z.string().exactOptional(),
    Namespace: z.string().exactOptional(),
    Type: z.string().exactOptional(),
    Status: z.string().exactOptional(),
    Stop: z.boolean().exactOptional(),
    TaskGroups: z.array(taskGroup).nullable().exactOptional(),
    Meta: meta.exactOptional(),
    Version: index.exactOptional(),
    CreateIndex: index.exactOptional(),
    ModifyIndex: index.exactOptional(),
    JobModifyIndex: index.exactOptional(),
    SubmitTime: z.number().exactOptional(),
  }),
);

/** A job in a list. */
export const jobStubSchema: z.ZodType<JobStub> = z.object({
  ID: z.string(),
  Name: z.string().exactOptional(),
  Namespace: z.string().exactOptional(),
  Type: z.string().exactOptional(),
  Status: z.string(),
  Stop: z.boolean().exactOptional(),
  CreateIndex: index,
  ModifyIndex: index,
  JobModifyIndex: index,
});

const taskEvent = z.object({
  Type: z.string(),
  Time: z.number(),
  Details: z.record(z.string(), z.string()).nullable().exactOptional(),
  DisplayMessage: z.string().exactOptional(),
  ExitCode: z.int().exactOptional(),
});

const taskState = z.object({
  State: z.string(),
  Failed: z.boolean().exactOptional(),
  Restarts: z.int().exactOptional(),
  StartedAt: z.string().nullable().exactOptional(),
  FinishedAt: z.string().nullable().exactOptional(),
  LastRestart: z.string().nullable().exactOptional(),
  Events: z.array(taskEvent).nullable().exactOptional(),
});

const allocatedPort = z.object({
  Label: z.string(),
  Value: z.int(),
  To: z.int().exactOptional(),
  HostIP: z.string(),
});

const allocatedResources = z.object({
  Shared: z.object({ Ports: z.array(allocatedPort).nullable().exactOptional() }).exactOptional(),
});

/** An allocation, in lists and events too. */
export const allocationSchema: z.ZodType<Allocation> = z.object({
  ID: z.string(),
  JobID: z.string(),
  TaskGroup: z.string(),
  Namespace: z.string().exactOptional(),
  NodeID: z.string(),
  NodeName: z.string().exactOptional(),
  EvalID: z.string().exactOptional(),
  ClientStatus: z.string(),
  DesiredStatus: z.string(),
  NextAllocation: z.string().exactOptional(),
  PreviousAllocation: z.string().exactOptional(),
  TaskStates: z.record(z.string(), taskState).nullable().exactOptional(),
  AllocatedResources: allocatedResources.nullable().exactOptional(),
  CreateIndex: index,
  ModifyIndex: index,
  ModifyTime: z.number().exactOptional(),
});

const placementFailure = z.object({
  NodesEvaluated: z.number().exactOptional(),
  NodesFiltered: z.number().exactOptional(),
  NodesExhausted: z.number().exactOptional(),
  NodesAvailable: counts.exactOptional(),
  ConstraintFiltered: counts.exactOptional(),
  ClassFiltered: counts.exactOptional(),
  DimensionExhausted: counts.exactOptional(),
  ClassExhausted: counts.exactOptional(),
  QuotaExhausted: z.array(z.string()).nullable().exactOptional(),
});

/** An evaluation, in events too. */
export const evaluationSchema: z.ZodType<Evaluation> = z.object({
  ID: z.string(),
  JobID: z.string(),
  Type: z.string().exactOptional(),
  TriggeredBy: z.string().exactOptional(),
  Status: z.string(),
  StatusDescription: z.string().exactOptional(),
  FailedTGAllocs: z.record(z.string(), placementFailure).nullable().exactOptional(),
  BlockedEval: z.string().exactOptional(),
  PreviousEval: z.string().exactOptional(),
  JobModifyIndex: index.exactOptional(),
  CreateIndex: index.exactOptional(),
  ModifyIndex: index,
  ModifyTime: z.number().exactOptional(),
});

/** A node, for its own address. */
export const nodeSchema: z.ZodType<NodeInfo> = z.object({
  ID: z.string(),
  Name: z.string().exactOptional(),
  HTTPAddr: z.string(),
  TLSEnabled: z.boolean().exactOptional(),
  Status: z.string().exactOptional(),
});

/** The answer to a register or deregister. */
export const registerResponseSchema: z.ZodType<RegisterResponse> = z.object({
  EvalID: z.string(),
  EvalCreateIndex: index,
  JobModifyIndex: index,
  Warnings: z.string().exactOptional(),
  Index: index.exactOptional(),
});

/** What we read of `GET /v1/agent/self`. */
export const agentSelfSchema = z.looseObject({
  config: z.looseObject({
    Version: z.looseObject({ Version: z.string() }).exactOptional(),
    Region: z.string().exactOptional(),
  }),
});

/** What we read of `GET /v1/operator/scheduler/configuration`. */
export const schedulerConfigurationSchema = z.looseObject({
  SchedulerConfig: z.looseObject({ MemoryOversubscriptionEnabled: z.boolean().exactOptional() }).nullable(),
});

const execOutput = z.object({ data: z.base64().exactOptional(), close: z.boolean().exactOptional() });

/** One message from an exec session. */
export const execOutputSchema: z.ZodType<ExecOutputFrame> = z.object({
  stdout: execOutput.exactOptional(),
  stderr: execOutput.exactOptional(),
  exited: z.boolean().exactOptional(),
  result: z.object({ exit_code: z.int().exactOptional() }).exactOptional(),
});
