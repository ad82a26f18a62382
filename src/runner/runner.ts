import { mayBecome, type RunnerState } from "./states.js";
import type { UsedRunner } from "./used-runner.js";

/** Counts runners up, so that 'newest' has a meaning within one process. */
let made = 0;

/** One runner as its pool sees it. Idle ones are nothing but this; what a client uses hangs in `session`. */
export class Runner {
  readonly id: string;
  readonly environmentId: number;
  /** Order of creation within this process. */
  readonly createdAt: number;
  #state: RunnerState;
  /** Marked ahead for this server instance, confirmed by Nomad. */
  reserved = false;
  /** Set while `used`. */
  session: UsedRunner | undefined;
  /** The life of the allocation that a client was given, or that it had when it was reserved; another one has lost what was in it. */
  incarnation: string | undefined;
  /** Recovered as used only because another instance had reserved it: un-marked by its owner it is idle. */
  reservedElsewhere = false;
  /** When another instance's mark was seen on it, by `performance.now()`; undefined: it had that when it was found. */
  foreignSince: number | undefined;

  constructor(id: string, environmentId: number, state: RunnerState) {
    this.id = id;
    this.environmentId = environmentId;
    this.#state = state;
    made += 1;
    this.createdAt = made;
  }

  get state(): RunnerState {
    return this.#state;
  }

  /** Changes the state; only its pool calls this, so that its figures stay right. Throws on a transition that the table does not have. */
  become(state: RunnerState): void {
    if (!mayBecome(this.#state, state)) throw new Error(`a runner cannot go from ${this.#state} to ${state}`);
    this.#state = state;
    if (state === "foreign") this.foreignSince = performance.now();
  }
}
