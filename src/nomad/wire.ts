/**
 * The part of Nomad's JSON that this project reads or writes, as Nomad spells it. Shared by the Nomad client and the embedded agent;
 * types only. Sources: Nomad's HTTP API documents (v1) and recordings of Nomad 1.10.5. Unknown fields are kept wherever a
 * job is cloned, hence the index signatures.
 */

/** String pairs that Nomad stores beside jobs and task groups. */
export type Meta = Readonly<Record<string, string>>;

/** Resources a task asks for. CPU in MHz, memory in MB (2^20 bytes). */
export interface Resources {
  readonly CPU?: number;
  readonly MemoryMB?: number;
  readonly MemoryMaxMB?: number;
  readonly [field: string]: unknown;
}

/** One port of a group network. `Value` is the port on the host once placed, `To` the port inside. */
export interface Port {
  readonly Label: string;
  readonly Value?: number;
  readonly To?: number;
  readonly HostNetwork?: string;
}

/** A task group's network. */
export interface NetworkResource {
  readonly Mode?: string;
  readonly ReservedPorts?: readonly Port[] | null;
  readonly DynamicPorts?: readonly Port[] | null;
  readonly [field: string]: unknown;
}

/** A task of a group. */
export interface Task {
  readonly Name: string;
  readonly Driver: string;
  readonly Config?: Readonly<Record<string, unknown>> | null;
  readonly Resources?: Resources | null;
  readonly [field: string]: unknown;
}

/** A task group. `Count: 0` never runs. Durations inside policies are nanoseconds. */
export interface TaskGroup {
  readonly Name: string;
  readonly Count?: number | null;
  readonly Tasks?: readonly Task[] | null;
  readonly Networks?: readonly NetworkResource[] | null;
  readonly Meta?: Meta | null;
  readonly [field: string]: unknown;
}

/** A job, as registered and as read back. */
export interface Job {
  readonly ID: string;
  readonly Name?: string;
  readonly Namespace?: string;
  readonly Type?: string;
  readonly Datacenters?: readonly string[] | null;
  readonly TaskGroups?: readonly TaskGroup[] | null;
  readonly Meta?: Meta | null;
  readonly Status?: string;
  readonly Stop?: boolean;
  readonly Version?: number;
  readonly CreateIndex?: number;
  readonly ModifyIndex?: number;
  readonly JobModifyIndex?: number;
  readonly SubmitTime?: number;
  readonly [field: string]: unknown;
}

/** A job in a list: no groups, no group meta. */
export interface JobStub {
  readonly ID: string;
  readonly Name?: string;
  readonly Namespace?: string;
  readonly Type?: string;
  readonly Status: string;
  readonly Stop?: boolean;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
  readonly JobModifyIndex: number;
  readonly [field: string]: unknown;
}

/** The body of `POST /v1/jobs`. */
export interface RegisterRequest {
  readonly Job: Job;
  readonly EnforceIndex?: boolean;
  readonly JobModifyIndex?: number;
}

/** The answer to a register or a deregister. */
export interface RegisterResponse {
  readonly EvalID: string;
  readonly EvalCreateIndex: number;
  readonly JobModifyIndex: number;
  readonly Warnings?: string;
  readonly Index?: number;
}

/** One event of a task's history. `Time` in ns since 1970. */
export interface TaskEvent {
  readonly Type: string;
  readonly Time: number;
  readonly Details?: Readonly<Record<string, string>> | null;
  readonly DisplayMessage?: string;
  readonly ExitCode?: number;
  readonly [field: string]: unknown;
}

/** The state of a task in an allocation. */
export interface TaskState {
  readonly State: "pending" | "running" | "dead" | string;
  readonly Failed?: boolean;
  readonly Restarts?: number;
  readonly StartedAt?: string | null;
  readonly FinishedAt?: string | null;
  readonly LastRestart?: string | null;
  readonly Events?: readonly TaskEvent[] | null;
}

/** A port that an allocation has on its node. Without `To` it is the same inside. */
export interface AllocatedPort {
  readonly Label: string;
  readonly Value: number;
  readonly To?: number;
  readonly HostIP: string;
}

/** What an allocation was given. `Shared.Ports` are the mapped ports. */
export interface AllocatedResources {
  readonly Shared?: { readonly Ports?: readonly AllocatedPort[] | null; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** An allocation; lists, events and `GET /v1/allocation/:id` have these fields in common. */
export interface Allocation {
  readonly ID: string;
  readonly JobID: string;
  readonly TaskGroup: string;
  readonly Namespace?: string;
  readonly NodeID: string;
  readonly NodeName?: string;
  readonly EvalID?: string;
  readonly ClientStatus: "pending" | "running" | "complete" | "failed" | "lost" | "unknown" | string;
  readonly DesiredStatus: "run" | "stop" | "evict" | string;
  readonly NextAllocation?: string;
  readonly PreviousAllocation?: string;
  readonly TaskStates?: Readonly<Record<string, TaskState>> | null;
  readonly AllocatedResources?: AllocatedResources | null;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
  /** Nanoseconds since 1970. */
  readonly ModifyTime?: number;
  readonly [field: string]: unknown;
}

/** Why a task group was not placed. */
export interface PlacementFailure {
  readonly NodesEvaluated?: number;
  readonly NodesFiltered?: number;
  readonly NodesExhausted?: number;
  readonly NodesAvailable?: Readonly<Record<string, number>> | null;
  readonly ConstraintFiltered?: Readonly<Record<string, number>> | null;
  readonly ClassFiltered?: Readonly<Record<string, number>> | null;
  readonly DimensionExhausted?: Readonly<Record<string, number>> | null;
  readonly ClassExhausted?: Readonly<Record<string, number>> | null;
  readonly QuotaExhausted?: readonly string[] | null;
  readonly [field: string]: unknown;
}

/** An evaluation of a job. */
export interface Evaluation {
  readonly ID: string;
  readonly JobID: string;
  readonly Type?: string;
  readonly TriggeredBy?: string;
  readonly Status: "blocked" | "pending" | "complete" | "failed" | "canceled" | string;
  readonly StatusDescription?: string;
  readonly FailedTGAllocs?: Readonly<Record<string, PlacementFailure>> | null;
  readonly BlockedEval?: string;
  readonly PreviousEval?: string;
  readonly JobModifyIndex?: number;
  readonly CreateIndex?: number;
  readonly ModifyIndex: number;
  /** Nanoseconds since 1970. */
  readonly ModifyTime?: number;
  readonly [field: string]: unknown;
}

/** The part of a node that exec needs. `HTTPAddr` is `host:port`. */
export interface NodeInfo {
  readonly ID: string;
  readonly Name?: string;
  readonly HTTPAddr: string;
  readonly TLSEnabled?: boolean;
  readonly Status?: string;
  readonly [field: string]: unknown;
}

/** One event of the stream. */
export interface NomadEvent {
  readonly Topic: "Job" | "Allocation" | "Evaluation" | string;
  readonly Type: string;
  readonly Key: string;
  readonly Namespace?: string;
  readonly Index: number;
  readonly FilterKeys?: readonly string[] | null;
  readonly Payload: {
    readonly Job?: Job;
    readonly Allocation?: Allocation;
    readonly Evaluation?: Evaluation;
  };
}

/** One line of the event stream; `{}` is a heartbeat. */
export interface EventFrame {
  readonly Index?: number;
  readonly Events?: readonly NomadEvent[];
}

/** One message to an exec session; `{}` is a heartbeat. Data is base64. */
export interface ExecInputFrame {
  readonly stdin?: { readonly data?: string; readonly close?: boolean };
  readonly tty_size?: { readonly height: number; readonly width: number };
}

/** One message from an exec session. Exit code 0 is `"result": {}`. */
export interface ExecOutputFrame {
  readonly stdout?: { readonly data?: string; readonly close?: boolean };
  readonly stderr?: { readonly data?: string; readonly close?: boolean };
  readonly exited?: boolean;
  readonly result?: { readonly exit_code?: number };
}
