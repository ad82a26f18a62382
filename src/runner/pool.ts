import type { Job } from "../nomad/wire.js";
import { inTrimOrder, type PoolFigures } from "./pool-policy.js";
import type { Runner } from "./runner.js";
import type { RunnerState } from "./states.js";

/** The runners of one environment and their figures; every change of a runner's state goes through here, in O(1). */
export class Pool {
  readonly environmentId: number;
  /** `prewarmingPoolSize`. */
  size: number;
  /** The environment's template job as it stands at Nomad: what new runners are made from. */
  template: Job;
  readonly #runners = new Set<Runner>();
  readonly #counts = new Map<RunnerState, number>();
  /** Idle ones, oldest first; reserved ones apart, so that a claim finds either at once. */
  readonly #reserved = new Set<Runner>();
  readonly #unreserved = new Set<Runner>();

  constructor(environmentId: number, size: number, template: Job) {
    this.environmentId = environmentId;
    this.size = size;
    this.template = template;
  }

  get figures(): PoolFigures {
    return {
      size: this.size,
      idle: this.#reserved.size + this.#unreserved.size,
      starting: this.count("registering") + this.count("starting"),
      claiming: this.count("claiming"),
    };
  }

  count(state: RunnerState): number {
    return this.#counts.get(state) ?? 0;
  }

  get reservedCount(): number {
    return this.#reserved.size;
  }

  has(runner: Runner): boolean {
    return this.#runners.has(runner);
  }

  runners(): IterableIterator<Runner> {
    return this.#runners.values();
  }

  add(runner: Runner): void {
    this.#runners.add(runner);
    this.#tally(runner.state, 1);
    this.#file(runner);
  }

  /** Moves a runner to another state; `gone` takes it out of the pool. */
  move(runner: Runner, state: RunnerState): void {
    if (runner.state === state) return;
    const before = runner.state;
    runner.become(state);
    this.#tally(before, -1);
    this.#unfile(runner);
    if (state === "gone") this.#runners.delete(runner);
    else {
      this.#tally(state, 1);
      this.#file(runner);
    }
  }

  /** Notes whether a runner is reserved for this server. */
  setReserved(runner: Runner, reserved: boolean): void {
    if (runner.reserved === reserved) return;
    runner.reserved = reserved;
    this.#unfile(runner);
    this.#file(runner);
  }

  /** The idle runner that a claim takes: a reserved one, else the oldest. */
  nextIdle(): Runner | undefined {
    return this.#reserved.values().next().value ?? this.#unreserved.values().next().value;
  }

  /** Idle runners that are reserved: the next ones that claims take. */
  reserved(): IterableIterator<Runner> {
    return this.#reserved.values();
  }

  /** Idle runners that are not reserved, oldest first. */
  unreserved(): IterableIterator<Runner> {
    return this.#unreserved.values();
  }

  /** What may be trimmed, in the order in which it goes: starting ones count as the newest. */
  trimmable(): Runner[] {
    const candidates = [...this.#runners].filter(
      ({ state }) => state === "idle" || state === "starting" || state === "registering",
    );
    return inTrimOrder(candidates);
  }

  #tally(state: RunnerState, change: number): void {
    this.#counts.set(state, this.count(state) + change);
  }

  #file(runner: Runner): void {
    if (runner.state === "idle") (runner.reserved ? this.#reserved : this.#unreserved).add(runner);
  }

  #unfile(runner: Runner): void {
    this.#reserved.delete(runner);
    this.#unreserved.delete(runner);
  }
}
