import { z } from "zod";
import { HttpError } from "../http/http-error.js";
import { type AgentAnswer, type AgentRequest, readJson } from "../http/request.js";
import type { FaultInjector } from "./fault-injector.js";
import { faultSchema } from "./fault-schema.js";

/**
 * `/v1/faults`: POST applies a fault, GET shows those that are on, DELETE ends them.
 * @throws HttpError 400 for a body that is no fault, 405
 */
export async function faultRoute(faults: FaultInjector, request: AgentRequest): Promise<AgentAnswer> {
  switch (request.method) {
    case "GET":
      return { body: faults.active };
    case "DELETE":
      faults.clear();
      return { body: [] };
    case "POST": {
      const parsed = faultSchema.safeParse(await readJson(request));
      if (!parsed.success) throw new HttpError(400, z.prettifyError(parsed.error));
      return { body: (await faults.apply(parsed.data)) ?? {} };
    }
    default:
      throw new HttpError(405, "Invalid method");
  }
}
