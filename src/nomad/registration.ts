import { withDeadline } from "../lib/with-deadline.js";
import type { Logger } from "../telemetry/logger.js";
import type { NomadClient, Registered } from "./client.js";
import { NomadError, PlacementError } from "./errors.js";
import { type EvaluationWaiters, isDecided } from "./evaluation-waiters.js";
import { placementMessage } from "./placement-message.js";
import type { Evaluation, Job } from "./wire.js";
import { oneLine } from "./words.js";

/** So long for the evaluation's event, in ms; then Nomad is asked, and both together are the 10 s of nomad.md. */
const eventTimeout = 9_000;
const askTimeout = 1_000;

/** How a registration is done. */
export interface RegistrationOptions {
  readonly logger: Logger;
  /** As in NomadClient.registerJob. */
  readonly enforceIndex?: number;
  /** Runs the call when it is its turn; at once if left out. */
  readonly queue?: (call: () => Promise<Registered>) => Promise<Registered>;
  /** In ms in place of 9 s; for tests. */
  readonly timeout?: number;
  /** Gives up the wait for the evaluation; the register itself is not cut, or nobody would know whether the job is there. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Registers a job and waits for what its evaluation says; how is the composition's affair. An urgent one does not wait for its turn behind the
 * runners that pools are filled with.
 */
export type RegisterJob = (
  job: Job,
  options: { readonly enforceIndex?: number; readonly urgent?: boolean; readonly signal?: AbortSignal },
) => Promise<Registered>;

/**
 * Registers a job and waits for its evaluation (nomad.md, "Registering and evaluations"). Rejects with a NomadError: `placement`
 * when the evaluation failed or could not place a group (the job is registered all the same), or what the register says. Without a
 * result after 10 s the job counts as accepted, with a log line.
 */
export async function registerAndAwait(
  client: Pick<NomadClient, "registerJob">,
  evaluations: EvaluationWaiters,
  job: Job,
  options: RegistrationOptions,
): Promise<Registered> {
  const { logger, enforceIndex, signal } = options;
  const { queue = (call) => call() } = options;
  const registered = await queue(() => {
    if (signal?.aborted) throw new NomadError("aborted", "the registration was given up before its turn");
    return client.registerJob(job, { ...(enforceIndex !== undefined && { enforceIndex }) });
  });
  if (registered.warnings !== "") {
    logger.debug("Nomad warns about a job", { job_id: job.ID, warnings: oneLine(registered.warnings) });
  }
  const { evalId } = registered;
  if (evalId === "") return registered;
  const told = await evaluations.wait(evalId, { timeout: options.timeout ?? eventTimeout, signal });
  const evaluation =
    told ?? (await withDeadline(askTimeout, (over) => evaluations.ask(evalId, { signal: over }), { signal }));
  if (evaluation === undefined || !isDecided(evaluation)) {
    logger.warn("Nomad did not decide about a job in time, it counts as accepted", {
      job_id: job.ID,
      evaluation_id: evalId,
    });
    return registered;
  }
  checkPlaced(evaluation);
  return registered;
}

function checkPlaced(evaluation: Evaluation): void {
  if (evaluation.Status !== "complete") {
    const why = oneLine(evaluation.StatusDescription ?? "");
    throw new PlacementError(
      `the evaluation of the job ${evaluation.Status === "failed" ? "failed" : "was canceled"}${why && `: ${why}`}`,
      { blocked: false },
    );
  }
  if (Object.keys(evaluation.FailedTGAllocs ?? {}).length > 0) {
    const blocked = (evaluation.BlockedEval ?? "") !== "";
    throw new PlacementError(placementMessage(evaluation), { blocked });
  }
}
