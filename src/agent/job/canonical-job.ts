import { canonicalGroup } from "./canonical-group.js";
import { asObjects, asText, type JsonObject, nullIfEmpty, withDefaults } from "./pick.js";

/** Durations in job files are nanoseconds. */
export const SECOND = 1_000_000_000;

const JOB_DEFAULTS: JsonObject = {
  Affinities: null,
  AllAtOnce: false,
  Constraints: null,
  ConsulNamespace: "",
  CreateIndex: 0,
  Datacenters: ["*"],
  DispatchIdempotencyToken: "",
  Dispatched: false,
  ID: "",
  JobModifyIndex: 0,
  Meta: null,
  ModifyIndex: 0,
  Multiregion: null,
  Name: "",
  Namespace: "default",
  NodePool: "default",
  NomadTokenID: "",
  ParameterizedJob: null,
  ParentID: "",
  Payload: null,
  Periodic: null,
  Priority: 50,
  Region: "global",
  Spreads: null,
  Stable: false,
  Status: "",
  StatusDescription: "",
  Stop: false,
  SubmitTime: 0,
  TaskGroups: null,
  Type: "service",
  UI: null,
  Update: null,
  VaultNamespace: "",
  Version: 0,
  VersionTag: null,
};

const NO_UPDATE: JsonObject = {
  AutoPromote: false,
  AutoRevert: false,
  Canary: 0,
  HealthCheck: "",
  HealthyDeadline: 0,
  MaxParallel: 0,
  MinHealthyTime: 0,
  ProgressDeadline: 0,
  Stagger: 0,
};

/**
 * A job with everything filled in that Nomad 1.10.5 fills in, so that reading it back gives what Nomad would give (recordings). Indexes,
 * version, status and submit time are the caller's to set. Never fails: whatever is of a wrong kind becomes the default, and
 * `validateJob` judges the rest.
 */
export function canonicalJob(source: JsonObject, namespace: string): Record<string, unknown> {
  const job = withDefaults(source, JOB_DEFAULTS);
  const type = asText(job.Type, "service");
  const groups = asObjects(source.TaskGroups).map((group) => canonicalGroup(group, type));
  return {
    ...job,
    Name: asText(job.Name) || asText(job.ID),
    Namespace: namespace,
    Priority: job.Priority === 0 ? 50 : job.Priority,
    Constraints: nullIfEmpty(job.Constraints),
    Affinities: nullIfEmpty(job.Affinities),
    Spreads: nullIfEmpty(job.Spreads),
    Meta: nullIfEmpty(job.Meta),
    TaskGroups: groups.length === 0 ? null : groups,
    Stop: job.Stop === true,
    Update:
      type === "service" || type === "system"
        ? { ...NO_UPDATE, MaxParallel: 1, Stagger: 30 * SECOND }
        : NO_UPDATE,
    Stable: false,
    Status: "",
    StatusDescription: "",
  };
}
