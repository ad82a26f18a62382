import type { NomadEvent } from "../../nomad/wire.js";

/** The events of one change, in order. */
export interface EventBatch {
  readonly index: number;
  readonly events: readonly NomadEvent[];
  /** The NDJSON line with all of the events, without its line end; encoded when first needed. */
  line(): string;
}

/** What Nomad answers a subscriber that was too slow for the buffer; its stream ends. */
export const DROPPED = "dropped";

/**
 * Nomad's buffer of the newest changes (nomad.md: 100, old ones fall out). Its placeholder counts as the first, so one more stays
 * (contract suite). Subscribers read at their own pace by position; one that falls behind the buffer is told so.
 */
export class EventBuffer {
  readonly #size: number;
  #batches: EventBatch[] = [];
  /** The position of `#batches[0]`. */
  #start = 0;
  readonly #listeners = new Set<() => void>();

  constructor(size: number) {
    this.#size = size;
  }

  /** The position behind the newest batch. */
  get end(): number {
    return this.#start + this.#batches.length;
  }

  append(index: number, events: readonly NomadEvent[]): void {
    let line: string | undefined;
    this.#batches.push({
      index,
      events,
      line: () => {
        line ??= encodeBatch(index, events);
        return line;
      },
    });
    if (this.#batches.length > this.#size + 1) {
      this.#batches.shift();
      this.#start++;
    }
    for (const listener of this.#listeners) listener();
  }

  /**
   * Where a stream starts that asks for `index`: at the first batch with that index or a later one. 0 asks for all that is left. Nomad
   * begins with the newest batch when the index lies beyond it.
   */
  positionOf(index: number): number {
    if (index === 0 || this.#batches.length === 0) return this.#start;
    const found = this.#batches.findIndex((batch) => batch.index >= index);
    return found === -1 ? this.end - 1 : this.#start + found;
  }

  /** The batch at a position, undefined when it is still to come. */
  at(position: number): EventBatch | typeof DROPPED | undefined {
    if (position < this.#start) return DROPPED;
    return this.#batches[position - this.#start];
  }

  /** Calls back after every append; returns how to stop that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Forgets everything, as a restarted Nomad does. */
  clear(): void {
    this.#start = this.end;
    this.#batches = [];
  }
}

/** One line of the event stream. */
export function encodeBatch(index: number, events: readonly NomadEvent[]): string {
  return JSON.stringify({ Index: index, Events: events });
}
