import type { AgentContext } from "../context.js";
import { HttpError } from "../http-error.js";
import { compareIndexAndId, compareText, pageRequestOf, paginate } from "../paginate.js";
import { type AgentAnswer, type AgentRequest, flagOf, namespaceOf } from "../request.js";
import { allocationBody, allocationStub } from "./allocation-stub.js";
import { checkIdPrefix, checkUuid } from "./uuid.js";

/** `GET /v1/allocations`: by the prefix of their ids, in that order; without one in the order they were made. */
export function listAllocations(context: AgentContext, request: AgentRequest): AgentAnswer {
  const namespace = namespaceOf(request);
  const prefix = request.query.get("prefix") ?? "";
  if (prefix !== "") checkIdPrefix(prefix, "alloc");
  const found = [...context.store.allocations.values()].filter(
    (allocation) =>
      (namespace === "*" || allocation.Namespace === namespace) && allocation.ID.startsWith(prefix),
  );
  found.sort((a, b) =>
    prefix === "" ? a.CreateIndex - b.CreateIndex || compareText(a.ID, b.ID) : compareText(a.ID, b.ID),
  );
  const page = paginate(found, pageRequestOf(request.query), {
    tokenOf: (allocation) => (prefix === "" ? `${allocation.CreateIndex}.${allocation.ID}` : allocation.ID),
    compare: prefix === "" ? compareIndexAndId : compareText,
  });
  const resources = flagOf(request, "resources");
  return {
    body: page.items.map((allocation) => allocationStub(allocation, { resources })),
    index: context.store.tables.allocations,
    isRead: true,
    ...(page.nextToken === undefined ? {} : { nextToken: page.nextToken }),
  };
}

/** `GET /v1/allocation/:id`, with its job as it was planned. */
export function readAllocation(context: AgentContext, _request: AgentRequest, id: string): AgentAnswer {
  checkUuid(id, "alloc");
  const allocation = context.store.allocations.get(id);
  if (allocation === undefined) {
    throw new HttpError(404, "alloc not found", { index: context.store.tables.allocations });
  }
  return { body: allocationBody(allocation), index: allocation.ModifyIndex, isRead: true };
}
