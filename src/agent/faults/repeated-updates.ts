import type { StateStore } from "../state/state-store.js";

/** How often updates are made, ms; Nomad's clients send theirs together too. */
const PERIOD = 10;

/** Tells of running allocations again and again: a load of events in which nothing changes but indexes. */
export class RepeatedUpdates {
  readonly #store: StateStore;
  readonly #running = new Map<() => void, { readonly rate: number; readonly duration: number }>();

  constructor(store: StateStore) {
    this.#store = store;
  }

  get active(): readonly { readonly rate: number; readonly duration: number }[] {
    return [...this.#running.values()];
  }

  /** Makes `rate` events a second for `duration` ms, of all running allocations in turn. Resolves with how many there were. */
  run({ rate, duration }: { readonly rate: number; readonly duration: number }): Promise<{ sent: number }> {
    const start = performance.now();
    const ids = this.#ids();
    let sent = 0;
    return new Promise((resolve) => {
      const stop = (): void => {
        clearInterval(timer);
        this.#running.delete(stop);
        resolve({ sent });
      };
      const timer = setInterval(() => {
        const elapsed = Math.min(duration, performance.now() - start);
        sent += this.#update(ids, Math.floor((rate * elapsed) / 1_000) - sent);
        if (elapsed >= duration) stop();
      }, PERIOD);
      this.#running.set(stop, { rate, duration });
    });
  }

  stop(): void {
    for (const stop of [...this.#running.keys()]) stop();
  }

  /** The allocations of a batch are different ones, as in Nomad. */
  #update(ids: Iterator<string>, wanted: number): number {
    const updated = new Map<string, ReturnType<StateStore["allocations"]["get"]>>();
    while (updated.size < wanted) {
      const { value, done } = ids.next();
      if (done === true || updated.has(value)) break;
      updated.set(value, this.#store.allocations.get(value));
    }
    const found = [...updated.values()].filter((allocation) => allocation !== undefined);
    if (found.length > 0) {
      this.#store.commit("AllocationUpdated", (transaction) => transaction.putAllocations(found));
    }
    return found.length;
  }

  /** The running allocations, over and over; ends when there is none. */
  *#ids(): Generator<string, void, void> {
    for (;;) {
      const running = [...this.#store.allocations.values()].filter(
        ({ ClientStatus, DesiredStatus }) => ClientStatus === "running" && DesiredStatus === "run",
      );
      if (running.length === 0) return;
      for (const { ID } of running) yield ID;
    }
  }
}
