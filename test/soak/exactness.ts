import type { Allocation, JobStub } from "../../src/nomad/wire.js";
import type { ApiClient } from "../api/suite/client.js";
import type { Lab } from "../support/lab.js";
import { until } from "../support/until.js";
import type { ServerProcess } from "./server-process.js";

/** What the last look at a soak's world needs. */
export interface ExactnessOptions {
  readonly lab: Lab;
  readonly client: ApiClient;
  readonly server: ServerProcess;
  /** Environment ids and their pool sizes. */
  readonly pools: ReadonlyMap<number, number>;
  /** Jobs that died while no server ran: they are left to Nomad's own collection (lifecycle.md: dead jobs are ignored). */
  readonly leftToNomad: ReadonlySet<string>;
}

/** What a crash left reserved, or a user left behind, goes by its timeout; ms. */
const WITHIN_MS = 150_000;

/**
 * Resolves once every pool is exact, nobody has a runner, and Nomad has the jobs that this takes and no other. Otherwise rejects with what is
 * known of each job at Nomad and what the server logged of it.
 */
export async function becomeExact(what: string, options: ExactnessOptions): Promise<void> {
  const { client, pools } = options;
  let figures: unknown;
  await until(
    what,
    async () => {
      const all = (await client.call("GET", "/statistics/execution-environments")).json();
      figures = all;
      const exact = [...pools].every(([id, size]) => {
        const { idleRunners, startingRunners, usedRunners } = all[id] ?? {};
        return idleRunners === size && startingRunners === 0 && usedRunners === 0;
      });
      const wanted = [...pools.values()].reduce((sum, size) => sum + size + 1, 0);
      return exact && (await jobsOf(options)).length === wanted;
    },
    { within: WITHIN_MS, every: 100 },
  ).catch(async (error: Error) => {
    const jobs = await Promise.all((await jobsOf(options)).map((stub) => describe(stub, options)));
    throw new Error(`${error.message}; last seen: ${JSON.stringify(figures)}\n${jobs.join("\n")}`);
  });
}

/** The ids of jobs that are dead right now. */
export async function deadJobs(lab: Lab): Promise<string[]> {
  const stubs = (await lab.call("GET", "/v1/jobs")).body as readonly JobStub[];
  return stubs.filter(({ Status }) => Status === "dead").map(({ ID }) => ID);
}

async function jobsOf({ lab, leftToNomad }: ExactnessOptions): Promise<JobStub[]> {
  const stubs = (await lab.call("GET", "/v1/jobs")).body as readonly JobStub[];
  return stubs.filter(({ ID, Status }) => Status !== "dead" || !leftToNomad.has(ID));
}

async function describe({ ID, Status }: JobStub, { lab, server, pools }: ExactnessOptions): Promise<string> {
  const [meta, { body }] = await Promise.all([lab.meta(ID), lab.call("GET", `/v1/job/${ID}/allocations`)]);
  const allocations = (body as readonly Allocation[]).map(
    ({ ClientStatus, DesiredStatus }) => `${ClientStatus}/${DesiredStatus}`,
  );
  const said = [...pools.keys()].some((id) => ID.startsWith(`${id}-`)) ? server.linesOf(ID) : [];
  return [`${ID} ${Status} ${JSON.stringify(meta)} ${allocations.join(" ")}`, ...said].join("\n    ");
}
