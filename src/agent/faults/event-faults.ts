import type { NomadEvent } from "../../nomad/wire.js";
import type { StateStore } from "../state/state-store.js";
import type { Fault } from "./fault-schema.js";

type EventFault = Extract<
  Fault,
  { fault: "drop-events" | "delay-events" | "duplicate-events" | "reorder-events" }
>;

interface ActiveFault {
  readonly fault: EventFault;
  left: number;
}

/** Spoils events on their way from a change to the event buffer. The state itself stays right. */
export class EventFaults {
  readonly #store: StateStore;
  readonly #publish: StateStore["publish"];
  #active: ActiveFault[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  /** A batch that waits for the next one to overtake it. */
  #held: { readonly index: number; readonly events: readonly NomadEvent[] } | undefined;

  constructor(store: StateStore) {
    this.#store = store;
    this.#publish = store.publish;
    store.publish = (index, events) => this.#intercept(index, events);
  }

  get active(): readonly EventFault[] {
    return this.#active.map(({ fault, left }) => ({ ...fault, count: left }));
  }

  add(fault: EventFault): void {
    this.#active.push({ fault, left: fault.count });
  }

  /** Ends all faults; what was held back goes out now. */
  clear(): void {
    this.#active = [];
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#publish(held.index, [...held.events]);
  }

  /** Appends batches of an event that nobody asked for, until older ones have fallen out of the buffer. */
  overrun(count: number): void {
    for (let made = 0; made < count; made++) {
      this.#store.skipIndexes(1);
      const { index } = this.#store;
      this.#publish(index, [
        { Topic: "Node", Type: "NodeStreamEvent", Key: "", Index: index, FilterKeys: null, Payload: {} },
      ]);
    }
  }

  #intercept(index: number, events: readonly NomadEvent[]): void {
    let left = [...events];
    for (const event of events) {
      const active = this.#take(event, ["drop-events", "delay-events"]);
      if (active === undefined) continue;
      left = left.filter((other) => other !== event);
      if (active.fault === "delay-events") this.#later(active.delay, index, event);
    }
    if (left.length === 0) return;
    const first = left[0] as NomadEvent;
    if (this.#held === undefined && this.#take(first, ["reorder-events"]) !== undefined) {
      this.#held = { index, events: left };
      return;
    }
    const duplicate = left.some((event) => this.#take(event, ["duplicate-events"]) !== undefined);
    this.#publish(index, left);
    if (duplicate) this.#publish(index, left);
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#publish(held.index, [...held.events]);
  }

  #take(event: NomadEvent, kinds: readonly EventFault["fault"][]): EventFault | undefined {
    const found = this.#active.find(({ fault }) => kinds.includes(fault.fault) && matches(fault, event));
    if (found === undefined) return undefined;
    found.left--;
    if (found.left === 0) this.#active = this.#active.filter((other) => other !== found);
    return found.fault;
  }

  #later(milliseconds: number, index: number, event: NomadEvent): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#publish(index, [event]);
    }, milliseconds);
    this.#timers.add(timer);
  }
}

function matches(fault: EventFault, event: NomadEvent): boolean {
  const job = event.Topic === "Job" ? event.Key : (event.FilterKeys?.[0] ?? "");
  return (
    (fault.topic === undefined || fault.topic === event.Topic) &&
    (fault.type === undefined || fault.type === event.Type) &&
    (fault.job === undefined || job.startsWith(fault.job))
  );
}
