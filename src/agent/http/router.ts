import type { AgentContext } from "./context.js";
import { HttpError } from "./http-error.js";
import type { AgentAnswer, AgentRequest } from "./request.js";
import { listAllocations, readAllocation } from "./routes/allocations.js";
import { deregisterJob } from "./routes/deregister-job.js";
import { listEvaluations, readEvaluation } from "./routes/evaluations.js";
import { jobAllocations, jobEvaluations, listJobs, readJob } from "./routes/jobs.js";
import { listNodes, readNode } from "./routes/nodes.js";
import { registerJob } from "./routes/register-job.js";
import { agentSelf, leader, schedulerConfiguration, tokenSelf } from "./routes/status.js";

type Handler = (
  context: AgentContext,
  request: AgentRequest,
  id: string,
) => AgentAnswer | Promise<AgentAnswer>;

interface Route {
  readonly path: RegExp;
  readonly methods: Readonly<Record<string, Handler>>;
}

const parseJobFile: Handler = () => {
  throw new HttpError(501, "the embedded agent does not read HCL: use a JSON template, or a real Nomad");
};

/** Job ids may contain slashes: the longer patterns come first, as Nomad looks at a path's end first. */
const ROUTES: readonly Route[] = [
  { path: /^\/v1\/jobs$/, methods: { GET: listJobs, POST: registerJob, PUT: registerJob } },
  { path: /^\/v1\/jobs\/parse$/, methods: { POST: parseJobFile, PUT: parseJobFile } },
  { path: /^\/v1\/job\/(.+)\/allocations$/, methods: { GET: jobAllocations } },
  { path: /^\/v1\/job\/(.+)\/evaluations$/, methods: { GET: jobEvaluations } },
  {
    path: /^\/v1\/job\/(.+)$/,
    methods: { GET: readJob, DELETE: deregisterJob, POST: registerJob, PUT: registerJob },
  },
  { path: /^\/v1\/allocations$/, methods: { GET: listAllocations } },
  { path: /^\/v1\/allocation\/([^/]+)$/, methods: { GET: readAllocation } },
  { path: /^\/v1\/evaluations$/, methods: { GET: listEvaluations } },
  { path: /^\/v1\/evaluation\/([^/]+)$/, methods: { GET: readEvaluation } },
  { path: /^\/v1\/nodes$/, methods: { GET: listNodes } },
  { path: /^\/v1\/node\/([^/]+)$/, methods: { GET: readNode } },
  { path: /^\/v1\/status\/leader$/, methods: { GET: leader } },
  { path: /^\/v1\/agent\/self$/, methods: { GET: agentSelf } },
  { path: /^\/v1\/operator\/scheduler\/configuration$/, methods: { GET: schedulerConfiguration } },
  { path: /^\/v1\/acl\/token\/self$/, methods: { GET: tokenSelf } },
];

/**
 * Answers a request.
 * @throws HttpError for every answer that is not 200; 404 with an empty body for an unknown path
 */
export async function route(context: AgentContext, request: AgentRequest): Promise<AgentAnswer> {
  for (const { path, methods } of ROUTES) {
    const match = path.exec(request.path);
    if (match === null) continue;
    const handler = methods[request.method];
    if (handler === undefined) throw new HttpError(405, "Invalid method");
    return handler(context, request, match[1] ?? "");
  }
  throw new HttpError(404, request.path.startsWith("/v1/client/") ? "resource not found" : "");
}
