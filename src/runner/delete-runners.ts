import type { NomadClient } from "../nomad/client.js";
import { NomadError } from "../nomad/errors.js";
import { parseJobId } from "../nomad/job-ids.js";
import type { Deletions } from "./deletions.js";
import { type RunnerRegistry, STOPPED } from "./registry.js";

/** How often the jobs of an environment are listed until none is left. */
const MOST_LISTINGS = 20;

/** What the runners of an environment are deleted with. */
export interface DeleteRunnersOptions {
  readonly client: NomadClient;
  readonly registry: RunnerRegistry;
  readonly deletions: Deletions;
}

/**
 * Lists the environment's runner jobs at Nomad and deletes them, also those that are not known here, until there is none (lifecycle.md,
 * "Environments"). Rejects with a NomadError.
 */
export async function deleteRunners(environmentId: number, options: DeleteRunnersOptions): Promise<void> {
  for (let listing = 0; listing < MOST_LISTINGS; listing += 1) {
    const { items } = await options.client.listJobs({ prefix: `${environmentId}-` });
    const ids = items.filter(({ ID }) => isRunnerOf(ID, environmentId)).map(({ ID }) => ID);
    if (ids.length === 0) return;
    await Promise.all(ids.map((id) => deleteRunner(id, options)));
  }
  throw new NomadError(
    "refused",
    "the environment's runners could not be deleted: new ones appear again and again",
  );
}

function deleteRunner(id: string, { registry, deletions }: DeleteRunnersOptions): Promise<void> {
  const runner = registry.runner(id);
  if (runner !== undefined)
    return registry.giveUp(runner, { outcome: STOPPED, reason: "its environment is gone" });
  registry.noteGivenUp(id);
  return deletions.delete(id);
}

function isRunnerOf(jobId: string, environmentId: number): boolean {
  return jobId.startsWith(`${environmentId}-`) && parseJobId(jobId)?.kind === "runner";
}
