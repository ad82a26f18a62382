import type { JsonObject } from "../../job/pick.js";
import type { AllocationRecord } from "../../state/records.js";

/** An allocation as lists show it: with its task states, and with its resources only when asked for them. */
export function allocationStub(
  allocation: AllocationRecord,
  options: { readonly resources: boolean },
): JsonObject {
  return {
    ...(options.resources ? { AllocatedResources: allocation.AllocatedResources } : {}),
    ClientDescription: allocation.ClientDescription ?? "",
    ClientStatus: allocation.ClientStatus,
    CreateIndex: allocation.CreateIndex,
    CreateTime: allocation.CreateTime,
    DeploymentStatus: null,
    DesiredDescription: allocation.DesiredDescription ?? "",
    DesiredStatus: allocation.DesiredStatus,
    DesiredTransition: {
      ForceReschedule: null,
      Migrate: (allocation.DesiredTransition as JsonObject | undefined)?.Migrate ?? null,
      NoShutdownDelay: null,
      Reschedule: null,
    },
    EvalID: allocation.EvalID,
    FollowupEvalID: allocation.FollowupEvalID ?? "",
    ID: allocation.ID,
    JobID: allocation.JobID,
    JobType: allocation.Job.Type,
    JobVersion: allocation.Job.Version,
    ModifyIndex: allocation.ModifyIndex,
    ModifyTime: allocation.ModifyTime,
    Name: allocation.Name,
    Namespace: allocation.Namespace,
    NextAllocation: allocation.NextAllocation ?? "",
    NodeID: allocation.NodeID,
    NodeName: allocation.NodeName,
    PreemptedAllocations: null,
    PreemptedByAllocation: "",
    RescheduleTracker: allocation.RescheduleTracker ?? null,
    TaskGroup: allocation.TaskGroup,
    TaskStates: allocation.TaskStates,
  };
}

/** An allocation as a read of it alone shows it: fields without a value are left out. */
export function allocationBody(allocation: AllocationRecord): JsonObject {
  if (allocation.TaskStates !== null) return allocation;
  const { TaskStates: _, ...rest } = allocation;
  return rest;
}
