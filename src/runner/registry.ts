import type { Logger } from "../telemetry/logger.js";
import type { ReachedPoint } from "./crash-points.js";
import type { Deletions } from "./deletions.js";
import type { ExecutionOutcome } from "./handle.js";
import type { Pool } from "./pool.js";
import type { Runner } from "./runner.js";
import type { RunnerState } from "./states.js";

/** What clients get for what was given up on purpose; they compare the text (execution.md). */
export const STOPPED: ExecutionOutcome = { type: "error", message: "the allocation stopped as expected" };
export const OOM_KILLED: ExecutionOutcome = { type: "error", message: "the allocation was OOM Killed" };
export const LOST: ExecutionOutcome = { type: "error", message: "Error executing the request" };

/** All pools and runners of this server by their ids, and the one way in which a runner goes. */
export class RunnerRegistry {
  readonly #pools = new Map<number, Pool>();
  readonly #runners = new Map<string, Runner>();
  /** Ids that were given up and may still show in what Nomad says: they never come back. */
  readonly #givenUp = new Set<string>();
  readonly #deletions: Deletions;
  readonly #logger: Logger;
  readonly #reached: ReachedPoint;
  readonly #changed: (pool: Pool) => void;

  /** `changed` is called whenever a pool's figures may have changed. */
  constructor(options: {
    readonly deletions: Deletions;
    readonly logger: Logger;
    readonly reached: ReachedPoint;
    readonly changed: (pool: Pool) => void;
  }) {
    this.#deletions = options.deletions;
    this.#logger = options.logger;
    this.#reached = options.reached;
    this.#changed = options.changed;
  }

  pool(environmentId: number): Pool | undefined {
    return this.#pools.get(environmentId);
  }

  pools(): IterableIterator<Pool> {
    return this.#pools.values();
  }

  addPool(pool: Pool): void {
    this.#pools.set(pool.environmentId, pool);
  }

  removePool(environmentId: number): void {
    this.#pools.delete(environmentId);
  }

  runner(id: string): Runner | undefined {
    return this.#runners.get(id);
  }

  runners(): IterableIterator<Runner> {
    return this.#runners.values();
  }

  add(pool: Pool, runner: Runner): void {
    this.#runners.set(runner.id, runner);
    pool.add(runner);
    this.#changed(pool);
  }

  /** Changes a runner's state, and tells whoever keeps its pool. */
  move(runner: Runner, state: RunnerState): void {
    if (runner.state === state) return;
    const pool = this.#poolOf(runner);
    if (pool === undefined) runner.become(state);
    else {
      pool.move(runner, state);
      this.#changed(pool);
    }
  }

  setReserved(runner: Runner, reserved: boolean): void {
    const pool = this.#poolOf(runner);
    if (pool === undefined || runner.reserved === reserved) return;
    pool.setReserved(runner, reserved);
    this.#changed(pool);
  }

  isGivenUp(id: string): boolean {
    return this.#givenUp.has(id);
  }

  /** The ids that are remembered as given up. */
  givenUp(): readonly string[] {
    return [...this.#givenUp];
  }

  /** Nomad has no job of this id any more: it need not be remembered. */
  forgetGivenUp(id: string): void {
    this.#givenUp.delete(id);
  }

  /** Notes an id whose job is to be deleted although no runner of it is known here. */
  noteGivenUp(id: string): void {
    this.#givenUp.add(id);
  }

  /**
   * Gives a runner up: gone at once, its executions end with `outcome`, its job is deleted at Nomad however long that takes. Resolves when
   * that is done; rejects with the NomadError of the first try. `reason` is for the log.
   */
  giveUp(
    runner: Runner,
    options: { readonly outcome: ExecutionOutcome; readonly reason: string },
  ): Promise<void> {
    this.#givenUp.add(runner.id);
    this.remove(runner, options);
    return this.#deletions.delete(runner.id);
  }

  /** As `giveUp`, where nobody waits for the deletion. */
  discard(runner: Runner, options: { readonly outcome: ExecutionOutcome; readonly reason: string }): void {
    this.#givenUp.add(runner.id);
    this.remove(runner, options);
    this.#reached("discard.given-up");
    this.#deletions.deleteInBackground(runner.id);
  }

  /** As `discard`, of a job that no runner is known of here. */
  discardUnknown(id: string): void {
    this.#givenUp.add(id);
    this.#deletions.deleteInBackground(id);
  }

  /** Takes a runner out whose job is gone already. */
  remove(runner: Runner, options: { readonly outcome: ExecutionOutcome; readonly reason: string }): void {
    if (runner.state === "gone") return;
    const { id, environmentId, session } = runner;
    this.#logger.debug("a runner is gone", {
      runner_id: id,
      environment_id: environmentId,
      destroy_reason: options.reason,
    });
    this.#runners.delete(id);
    this.move(runner, "gone");
    session?.end(options.outcome);
  }

  /** The pool it was made for; a replaced environment has another one. */
  #poolOf(runner: Runner): Pool | undefined {
    const pool = this.#pools.get(runner.environmentId);
    return pool?.has(runner) ? pool : undefined;
  }
}
