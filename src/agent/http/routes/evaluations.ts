import type { AgentContext } from "../context.js";
import { HttpError } from "../http-error.js";
import { compareIndexAndId, compareText, pageRequestOf, paginate } from "../paginate.js";
import { type AgentAnswer, type AgentRequest, namespaceOf } from "../request.js";
import { checkIdPrefix, checkUuid } from "./uuid.js";

/** `GET /v1/evaluations`. */
export function listEvaluations(context: AgentContext, request: AgentRequest): AgentAnswer {
  const namespace = namespaceOf(request);
  const prefix = request.query.get("prefix") ?? "";
  if (prefix !== "") checkIdPrefix(prefix, "eval");
  const found = [...context.store.evaluations.values()]
    .filter((one) => (namespace === "*" || one.Namespace === namespace) && one.ID.startsWith(prefix))
    .sort((a, b) => (prefix === "" ? a.CreateIndex - b.CreateIndex : 0) || compareText(a.ID, b.ID));
  const page = paginate(found, pageRequestOf(request.query), {
    tokenOf: (one) => (prefix === "" ? `${one.CreateIndex}.${one.ID}` : one.ID),
    compare: prefix === "" ? compareIndexAndId : compareText,
  });
  return {
    body: page.items,
    index: context.store.tables.evaluations,
    isRead: true,
    ...(page.nextToken === undefined ? {} : { nextToken: page.nextToken }),
  };
}

/** `GET /v1/evaluation/:id`. */
export function readEvaluation(context: AgentContext, _request: AgentRequest, id: string): AgentAnswer {
  checkUuid(id, "eval");
  const evaluation = context.store.evaluations.get(id);
  if (evaluation === undefined) {
    throw new HttpError(404, "eval not found", { index: context.store.tables.evaluations });
  }
  return { body: evaluation, index: evaluation.ModifyIndex, isRead: true };
}
