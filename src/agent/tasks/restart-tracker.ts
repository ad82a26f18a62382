import type { RestartPolicy } from "../job/policies.js";
import { duration } from "../job/validate-group.js";

/** What the restart policy says to an ended task. Delays are nanoseconds. */
export type RestartDecision =
  | { readonly kind: "restart"; readonly delay: number }
  | { readonly kind: "give-up"; readonly reason: string };

/** Counts a task's restarts within the policy's interval, as Nomad's client does. */
export class RestartTracker {
  readonly #policy: RestartPolicy;
  readonly #random: () => number;
  #count = 0;
  #since: number | undefined;

  constructor(policy: RestartPolicy, random: () => number = Math.random) {
    this.#policy = policy;
    this.#random = random;
  }

  /** @param now nanoseconds since 1970 */
  decide(now: number): RestartDecision {
    const { Attempts, Interval, Mode } = this.#policy;
    if (Attempts === 0 && Mode === "fail") return { kind: "give-up", reason: "Policy allows no restarts" };
    const since = this.#since;
    if (since === undefined || now - since > Interval) {
      this.#since = now;
      this.#count = 0;
    }
    this.#count++;
    if (this.#count <= Attempts) return { kind: "restart", delay: this.#withJitter(this.#policy.Delay) };
    if (Mode === "delay") {
      return { kind: "restart", delay: this.#withJitter(Interval - (now - (this.#since ?? now))) };
    }
    const reason = `Exceeded allowed attempts ${Attempts} in interval ${duration(Interval)} and mode is "fail"`;
    return { kind: "give-up", reason };
  }

  /** Nomad adds up to a quarter. */
  #withJitter(delay: number): number {
    return Math.round(delay * (1 + this.#random() * 0.25));
  }
}
