import { z } from "zod";
import type { NomadClient } from "../../nomad/client.js";
import { compatibilityWarnings } from "../../nomad/compatibility.js";
import { isNomadError } from "../../nomad/errors.js";
import { openEventStream } from "../../nomad/event-stream.js";
import { callNomad } from "../../nomad/http.js";
import type { NomadTransport } from "../../nomad/transport.js";
import { silentLogger } from "../../telemetry/silent-logger.js";
import type { Finding } from "./finding.js";

/** What the doctor asks Nomad through. */
export interface NomadAccess {
  readonly transport: NomadTransport;
  readonly client: NomadClient;
}

/** Whether Nomad answers and has a leader. */
export async function reachable({ client, transport }: NomadAccess): Promise<Finding> {
  const { address, port } = transport.options;
  const what = `Nomad at ${address}:${port}`;
  try {
    const leader = await client.leader();
    if (leader !== "") return { what, status: "ok", found: "it answers and has a leader" };
    return { what, status: "fail", found: "it has no leader", mend: "look at Nomad's servers" };
  } catch (error) {
    if (isNomadError(error, "refused")) return { what, status: "ok", found: `it answers: ${text(error)}` };
    const mend = "check nomad.address, nomad.port, nomad.tls.* and firewalls; is Nomad running there?";
    return { what, status: "fail", found: text(error), mend };
  }
}

/** One call for each right that the server needs (deploy/nomad/server-policy.hcl), with what it is for. */
export async function rights(access: NomadAccess): Promise<readonly Finding[]> {
  const { client } = access;
  const needed = [
    ["list-jobs", "finding environments and runners", () => client.listJobs()],
    ["read-job", "reading them", () => client.readJob("poseidon-doctor")],
    ["read-job (event stream)", "hearing of changes", () => firstFrame(access)],
  ] as const;
  const useful = [
    ["node:read", "reaching nodes directly for exec sessions", () => nodesOf(access)],
    ["agent:read", "knowing Nomad's version and limits", () => client.agentSelf()],
    ["operator:read", "knowing whether memory may be oversubscribed", () => client.schedulerConfiguration()],
  ] as const;
  return [
    ...(await Promise.all(needed.map(([name, use, call]) => right(name, use, { call, refused: "fail" })))),
    ...(await Promise.all(useful.map(([name, use, call]) => right(name, use, { call, refused: "warn" })))),
  ];
}

async function right(
  name: string,
  use: string,
  options: { readonly call: () => Promise<unknown>; readonly refused: "warn" | "fail" },
): Promise<Finding> {
  const what = `ACL ${name}`;
  try {
    await options.call();
    return { what, status: "ok", found: use };
  } catch (error) {
    const mend = `give the token of nomad.token this right: it is for ${use}`;
    return { what, status: options.refused, found: text(error), mend };
  }
}

async function firstFrame({ transport }: NomadAccess): Promise<void> {
  for await (const _frame of openEventStream(transport, { index: 0, logger: silentLogger })) return;
}

/** Version, memory oversubscription and the limit of connections. */
export async function settings(
  access: NomadAccess,
  { connections, disableForcePull }: { readonly connections: number; readonly disableForcePull: boolean },
): Promise<readonly Finding[]> {
  const [agent, scheduler, limit] = await Promise.all([
    access.client.agentSelf().catch(() => undefined),
    access.client.schedulerConfiguration().catch(() => undefined),
    connectionLimit(access).catch(() => undefined),
  ]);
  const warnings = compatibilityWarnings({ agent, scheduler }).map(
    (found): Finding => ({
      what: "Nomad's settings",
      status: "warn",
      found,
      mend: found.includes("oversubscription")
        ? "nomad operator scheduler set-config -memory-oversubscription=true"
        : "use a Nomad from 1.8 on, not 1.9.0",
    }),
  );
  const version: Finding = { what: "Nomad's version", status: "ok", found: agent?.version ?? "not readable" };
  const pull: Finding = {
    what: "images",
    status: "ok",
    found: disableForcePull ? "never pulled anew" : "pulled anew with each template",
  };
  return [version, pull, ...warnings, connectionFinding(connections, limit)];
}

function connectionFinding(connections: number, limit: number | undefined): Finding {
  const what = "connections to Nomad";
  if (limit === undefined) return { what, status: "skip", found: "the limit is not readable (agent:read)" };
  if (limit === 0)
    return { what, status: "ok", found: `nomad.connections ${connections}, Nomad has no limit` };
  if (connections > 0 && connections < limit)
    return { what, status: "ok", found: `nomad.connections ${connections}, Nomad allows ${limit}` };
  return {
    what,
    status: "fail",
    found: `nomad.connections ${connections || "without limit"}, but Nomad allows ${limit} per client`,
    mend: "set nomad.connections below limits.http_max_conns_per_client of Nomad's agents, or raise that",
  };
}

const selfSchema = z.looseObject({
  config: z.looseObject({ Limits: z.looseObject({ HTTPMaxConnsPerClient: z.number() }) }),
});

async function connectionLimit({ transport }: NomadAccess): Promise<number> {
  const { body } = await callNomad(transport, { method: "GET", path: "/v1/agent/self" });
  return selfSchema.parse(body).config.Limits.HTTPMaxConnsPerClient;
}

const driver = z.looseObject({ Detected: z.boolean(), Healthy: z.boolean() });
const nodeSchema = z.looseObject({
  Name: z.string(),
  Status: z.string(),
  SchedulingEligibility: z.string(),
  Drivers: z.record(z.string(), driver).nullish(),
});

async function nodesOf({ transport }: NomadAccess): Promise<readonly z.infer<typeof nodeSchema>[]> {
  const { body } = await callNomad(transport, { method: "GET", path: "/v1/nodes" });
  return z.array(nodeSchema).parse(body);
}

/** Each node: is it up, may it run anything, and is the driver healthy? */
export async function nodes(access: NomadAccess, driverName: string): Promise<readonly Finding[]> {
  const found = await nodesOf(access).catch(() => undefined);
  if (found === undefined) return [{ what: "nodes", status: "skip", found: "not readable (node:read)" }];
  if (found.length === 0)
    return [{ what: "nodes", status: "fail", found: "none", mend: "start a Nomad client" }];
  return found.map(({ Name, Status, SchedulingEligibility, Drivers }) => {
    const what = `node ${Name}`;
    const { [driverName]: has } = Drivers ?? {};
    if (Status !== "ready" || SchedulingEligibility !== "eligible")
      return {
        what,
        status: "warn",
        found: `${Status}, ${SchedulingEligibility}`,
        mend: "nomad node status",
      };
    if (has?.Detected && has.Healthy) return { what, status: "ok", found: `ready, ${driverName} is healthy` };
    const mend = `look at the driver ${driverName} on that node: nomad node status -verbose`;
    return {
      what,
      status: "fail",
      found: `${driverName} is ${has?.Detected ? "unhealthy" : "missing"}`,
      mend,
    };
  });
}

/** A failure in words for the terminal. */
export function text(error: unknown): string {
  const status = isNomadError(error) && error.status !== undefined ? ` (${error.status})` : "";
  return `${error instanceof Error ? error.message : String(error)}${status}`;
}
