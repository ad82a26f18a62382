import { randomUUID } from "node:crypto";
import { asObjects, asText, type JsonObject } from "../job/pick.js";
import type { AgentSettings } from "../options.js";
import { type AllocationRecord, type JobRecord, nanoseconds } from "../state/records.js";
import { allocatedResources, demandOf } from "./allocation-resources.js";
import { Capacity } from "./capacity.js";
import { unmetConstraint } from "./constraints.js";
import type { AgentNode } from "./node.js";
import { placementFailure, type Refusal } from "./placement-metrics.js";
import { PortTable } from "./ports.js";
import type { Step } from "./reconcile.js";
import { rescheduleEvents } from "./reschedule.js";

type Placement = Extract<Step, { kind: "place" }>;

/** A new allocation, or why there is none. */
export type PlacementResult =
  | { readonly allocation: AllocationRecord; readonly refusal?: undefined }
  | { readonly refusal: Refusal };

/** Finds room on the node for allocations, and makes them. */
export class Placer {
  readonly node: AgentNode;
  /** Fault injection: an answer here refuses a placement, as a full node would. */
  refuse: (job: JobRecord) => string | undefined = () => undefined;
  readonly #capacity: Capacity;
  readonly #ports: PortTable;
  readonly #signingKey = randomUUID();

  constructor(settings: AgentSettings, node: AgentNode) {
    this.node = node;
    this.#capacity = new Capacity(settings.nodeCapacity);
    this.#ports = new PortTable({ hostIp: settings.address });
  }

  /** A new allocation with its resources taken, or why there is none. */
  place(job: JobRecord, step: Placement, evaluationId: string): PlacementResult {
    const refusal = this.check(job, step.group);
    if (refusal !== undefined) return { refusal };
    const id = randomUUID();
    const ports = this.#ports.take(id, asObjects(step.group.Networks));
    if (ports === undefined) {
      return { refusal: { kind: "exhausted", dimension: "network: dynamic port selection failed" } };
    }
    this.#capacity.take(id, demandOf(step.group));
    const resources = allocatedResources(step.group, ports);
    return { allocation: this.#allocation(id, job, step, { evaluationId, resources }) };
  }

  /** Why a group cannot be placed now; undefined when it can. Takes nothing. */
  check(job: JobRecord, group: JsonObject): Refusal | undefined {
    const refused = this.refuse(job);
    if (refused !== undefined) return { kind: "exhausted", dimension: refused };
    const centers = (job.Datacenters ?? []) as readonly string[];
    if (!centers.some((center) => matchesGlob(center, this.node.datacenter))) return { kind: "no-nodes" };
    const tasks = asObjects(group.Tasks);
    if (!tasks.every((task) => this.node.drivers.includes(asText(task.Driver)))) {
      return { kind: "filtered", constraint: "missing drivers" };
    }
    const constraints = [job, group, ...tasks].flatMap((level) => asObjects(level.Constraints));
    const constraint = unmetConstraint(constraints, this.node);
    if (constraint !== undefined) return { kind: "filtered", constraint };
    const dimension = this.#capacity.exhausted(demandOf(group));
    return dimension === undefined ? undefined : { kind: "exhausted", dimension };
  }

  failure(refusal: Refusal, group: JsonObject): ReturnType<typeof placementFailure> {
    return placementFailure(refusal, group, this.node);
  }

  /** Gives back what an allocation had taken. */
  release(allocationId: string): void {
    this.#capacity.release(allocationId);
    this.#ports.release(allocationId);
  }

  clear(): void {
    this.#capacity.clear();
    this.#ports.clear();
  }

  #allocation(
    id: string,
    job: JobRecord,
    step: Placement,
    options: { readonly evaluationId: string; readonly resources: JsonObject },
  ): AllocationRecord {
    const group = asText(step.group.Name);
    const now = nanoseconds();
    const tracker = step.rescheduled === true ? this.#tracker(step, now) : undefined;
    return {
      AllocModifyIndex: 0,
      ...options.resources,
      ClientStatus: "pending",
      CreateIndex: 0,
      CreateTime: now,
      DesiredStatus: "run",
      EvalID: options.evaluationId,
      ID: id,
      Job: job,
      JobID: job.ID,
      Metrics: this.#metrics(),
      ModifyIndex: 0,
      ModifyTime: now,
      Name: `${job.ID}.${group}[${step.slot}]`,
      Namespace: job.Namespace,
      NodeID: this.node.id,
      NodeName: this.node.name,
      ...(step.previous === undefined ? {} : { PreviousAllocation: step.previous.ID }),
      ...(tracker === undefined ? {} : { RescheduleTracker: tracker }),
      SigningKeyID: this.#signingKey,
      TaskGroup: group,
      TaskStates: null,
    };
  }

  #tracker(step: Placement, now: number): JsonObject | undefined {
    if (step.previous === undefined) return undefined;
    const event = {
      Delay: step.delay ?? 0,
      PrevAllocID: step.previous.ID,
      PrevNodeID: step.previous.NodeID,
      RescheduleTime: now,
    };
    return { Events: [...rescheduleEvents(step.previous), event], LastReschedule: "ok" };
  }

  #metrics(): JsonObject {
    const scores = {
      binpack: 0.5,
      "job-anti-affinity": 0,
      "node-affinity": 0,
      "node-reschedule-penalty": 0,
    };
    return {
      ...placementFailure({ kind: "filtered", constraint: "" }, {}, this.node),
      ConstraintFiltered: null,
      NodesFiltered: 0,
      ScoreMetaData: [{ NodeID: this.node.id, NormScore: 0.5, Scores: scores }],
    };
  }
}

/** Datacenters of a job may have `*` in them. */
function matchesGlob(pattern: string, name: string): boolean {
  const expression = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${expression}$`).test(name);
}
