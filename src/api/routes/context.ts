import type { FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { RunnerHandle } from "../../runner/handle.js";
import type { BodyBudget } from "../body/body-budget.js";
import { discardBody, readBody } from "../body/body-reader.js";
import { parseJson } from "../body/parse-json.js";
import { runnerGone } from "../errors.js";
import type { ApiDependencies } from "../options.js";
import { validate } from "../schemas/validate.js";

/** What every route is made with. */
export interface RouteContext extends ApiDependencies {
  readonly budget: BodyBudget;
  readonly stopping: () => boolean;
}

/** Reads, parses and checks a request's body, whatever its content type. Its room in the budget is kept until the answer is sent. */
export async function bodyOf<T extends z.ZodType>(
  request: FastifyRequest,
  reply: FastifyReply,
  { schema, context }: { readonly schema: T; readonly context: RouteContext },
): Promise<z.output<T>> {
  const { bodyLimit, bodyBudget } = context.options;
  const body = await readBody(request.raw, {
    limit: bodyLimit,
    budget: context.budget,
    budgetSize: bodyBudget,
  });
  request.bodySize = body.bytes.length;
  if (reply.raw.closed) body.release();
  else reply.raw.once("close", () => body.release());
  return validate(schema, await parseJson(body.bytes));
}

/** The runner that a request names. Throws 410 when there is none, after the request's body was read to its end (rest-api.md). */
export async function runnerOf(request: FastifyRequest, context: RouteContext): Promise<RunnerHandle> {
  const runner = findRunner(request, context);
  if (runner !== undefined) return runner;
  await discardBody(request.raw, context.options.bodyLimit);
  throw runnerGone();
}

/** The runner that a request names, if it is there. */
export function findRunner(request: FastifyRequest, context: RouteContext): RunnerHandle | undefined {
  const { runnerId } = request.params as { readonly runnerId: string };
  return context.runners.find(runnerId);
}

/** A signal that ends work on behalf of a client that has gone before its answer was whole. */
export function clientGone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  if (reply.raw.destroyed) controller.abort();
  return controller.signal;
}
