import type { JsonObject } from "../../job/pick.js";
import type { AgentContext } from "../context.js";
import { HttpError } from "../http-error.js";
import type { AgentAnswer, AgentRequest } from "../request.js";
import { checkIdPrefix, checkUuid } from "./uuid.js";

const NODE_INDEX = 8;

/** `GET /v1/nodes`. */
export function listNodes(context: AgentContext, request: AgentRequest): AgentAnswer {
  const prefix = request.query.get("prefix") ?? "";
  if (prefix !== "") checkIdPrefix(prefix, "node");
  const stub = {
    Address: context.settings.address,
    ...common(context),
    LastDrain: null,
    Version: "1.10.5",
  };
  return { body: context.node.id.startsWith(prefix) ? [stub] : [], index: NODE_INDEX, isRead: true };
}

/** `GET /v1/node/:id`: `HTTPAddr` is the agent's own address, so that exec goes straight to it. */
export function readNode(context: AgentContext, _request: AgentRequest, id: string): AgentAnswer {
  checkUuid(id, "node");
  const { node, settings } = context;
  if (id !== node.id) throw new HttpError(404, "node not found", { index: NODE_INDEX });
  const body = {
    ...common(context),
    Attributes: node.attributes,
    DrainStrategy: null,
    Events: null,
    HTTPAddr: node.address,
    Links: {},
    Meta: {},
    NodeResources: {
      Cpu: { CpuShares: settings.nodeCapacity.cpu, ReservableCpuCores: null, TotalCpuCores: 0 },
      Devices: null,
      Disk: { DiskMB: 10_000 },
      MaxDynamicPort: 32_000,
      Memory: { MemoryMB: settings.nodeCapacity.memory },
      MinDynamicPort: 20_000,
    },
    ReservedResources: null,
    SecretID: "",
    StatusUpdatedAt: 0,
    TLSEnabled: false,
  };
  return { body, index: NODE_INDEX, isRead: true };
}

function common({ node }: AgentContext): JsonObject {
  const info = { Attributes: {}, Detected: true, HealthDescription: "Healthy", Healthy: true };
  return {
    CreateIndex: NODE_INDEX,
    Datacenter: node.datacenter,
    Drain: false,
    Drivers: Object.fromEntries(node.drivers.map((driver) => [driver, info])),
    HostVolumes: {},
    ID: node.id,
    ModifyIndex: NODE_INDEX,
    Name: node.name,
    NodeClass: "",
    NodePool: "default",
    SchedulingEligibility: "eligible",
    Status: "ready",
    StatusDescription: "",
  };
}
