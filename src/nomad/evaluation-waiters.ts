import type { Logger } from "../telemetry/logger.js";
import type { NomadClient } from "./client.js";
import { NomadError } from "./errors.js";
import type { Evaluation } from "./wire.js";

/** Results remembered for a registration whose answer comes after its event. */
const mostRemembered = 2_000;

/** Evaluations asked for side by side after a reconnect. */
const mostReads = 8;

/** What waiters ask Nomad with when the event stream cannot tell. */
export interface EvaluationWaitersOptions {
  readonly client: Pick<NomadClient, "readEvaluation">;
  readonly logger: Logger;
}

/** Whether an evaluation will not change any more. */
export function isDecided(evaluation: Evaluation): boolean {
  return ["complete", "failed", "canceled", "cancelled"].includes(evaluation.Status);
}

/** Brings evaluations from the event stream to the registrations that wait for them, in whichever order they come. */
export class EvaluationWaiters {
  readonly #options: EvaluationWaitersOptions;
  readonly #waiters = new Map<string, Set<(evaluation: Evaluation) => void>>();
  readonly #decided = new Map<string, Evaluation>();

  constructor(options: EvaluationWaitersOptions) {
    this.#options = options;
  }

  /** Evaluations that somebody waits for. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Takes an evaluation as an event or an answer told it. */
  observe(evaluation: Evaluation): void {
    if (!isDecided(evaluation)) return;
    this.#decided.delete(evaluation.ID);
    this.#decided.set(evaluation.ID, evaluation);
    const [oldest] = this.#decided.keys();
    if (this.#decided.size > mostRemembered && oldest !== undefined) this.#decided.delete(oldest);
    for (const settle of this.#waiters.get(evaluation.ID) ?? []) settle(evaluation);
  }

  /** The decided evaluation; undefined after `timeout` ms. Rejects with NomadError `aborted`. */
  wait(
    id: string,
    options: { readonly timeout: number; readonly signal?: AbortSignal | undefined },
  ): Promise<Evaluation | undefined> {
    const decided = this.#decided.get(id);
    if (decided !== undefined) return Promise.resolve(decided);
    const { timeout, signal } = options;
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#remove(id, settle);
      };
      const settle = (evaluation: Evaluation | undefined) => {
        leave();
        resolve(evaluation);
      };
      const onAbort = () => {
        leave();
        const message = "the wait for an evaluation was given up";
        reject(new NomadError("aborted", message, { cause: signal?.reason }));
      };
      const timer = setTimeout(() => settle(undefined), timeout);
      this.#add(id, settle);
      signal?.addEventListener("abort", onAbort, { once: true });
      if (signal?.aborted) onAbort();
    });
  }

  /** Asks Nomad for all evaluations that are waited for: after a reconnect their events may be missing. Never rejects. */
  async recheck(): Promise<void> {
    const ids = [...this.#waiters.keys()];
    const next = async (): Promise<void> => {
      for (let id = ids.shift(); id !== undefined; id = ids.shift()) await this.ask(id);
    };
    await Promise.all(Array.from({ length: mostReads }, next));
  }

  /** Asks Nomad for one evaluation and tells who waits for it. Never rejects: then events or the next question have to tell. */
  async ask(id: string, options: { readonly signal?: AbortSignal } = {}): Promise<Evaluation | undefined> {
    try {
      const evaluation = await this.#options.client.readEvaluation(id, options);
      if (evaluation !== undefined) this.observe(evaluation);
      return evaluation;
    } catch (error) {
      this.#options.logger.debug("an evaluation could not be read", { evaluation_id: id, error });
      return undefined;
    }
  }

  #add(id: string, settle: (evaluation: Evaluation) => void): void {
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters.add(settle));
  }

  #remove(id: string, settle: (evaluation: Evaluation) => void): void {
    const waiters = this.#waiters.get(id);
    waiters?.delete(settle);
    if (waiters?.size === 0) this.#waiters.delete(id);
  }
}
