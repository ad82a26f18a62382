import { NomadError } from "./errors.js";
import type { Resident } from "./exec.js";

/** The right to one connection. */
export interface ConnectionSlot {
  /** Gives it back once the connection is closed; idempotent. */
  release(): void;
}

/** How a connection is asked for. */
export interface AcquireOptions {
  /** It is for a session that is kept for later: nobody has to go for it, and it does not wait. */
  readonly resident?: Resident | undefined;
  /** How long to wait, in ms. */
  readonly wait: number;
  readonly signal?: AbortSignal | undefined;
}

/** How often those who wait look for a session that has become unused, in ms; only while somebody waits. */
const evictEvery = 100;

interface Held {
  readonly resident: Resident | undefined;
  evicted: boolean;
}

interface Waiter {
  readonly grant: () => void;
}

/**
 * Counts the connections to one Nomad address (runner-shell.md). Who finds no room asks the longest unused resident session to go
 * and waits in line for its place.
 */
export class ConnectionLimiter {
  readonly #limit: number;
  readonly #held = new Set<Held>();
  readonly #waiters = new Set<Waiter>();

  /** `limit` 0 means none. */
  constructor(options: { readonly limit: number }) {
    this.#limit = options.limit;
  }

  /** Connections that are open or being opened. */
  get used(): number {
    return this.#held.size;
  }

  /** How many more there may be; infinite without a limit. */
  get room(): number {
    return this.#limit === 0 ? Number.POSITIVE_INFINITY : Math.max(0, this.#limit - this.#held.size);
  }

  /** Who waits for a place. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Takes a place, first come first served. Rejects with NomadError `no-room` after the wait, or `aborted`. */
  async acquire(options: AcquireOptions): Promise<ConnectionSlot> {
    const { resident, signal } = options;
    if (signal?.aborted) throw aborted(signal);
    if (this.#hasRoom && this.#waiters.size === 0) return this.#take(resident);
    if (resident !== undefined || options.wait <= 0) throw noRoom(this.#limit);
    return await this.#wait(options);
  }

  get #hasRoom(): boolean {
    return this.#limit === 0 || this.#held.size < this.#limit;
  }

  #take(resident: Resident | undefined): ConnectionSlot {
    const held: Held = { resident, evicted: false };
    this.#held.add(held);
    return {
      release: () => {
        if (this.#held.delete(held)) this.#grantNext();
      },
    };
  }

  #wait(options: AcquireOptions): Promise<ConnectionSlot> {
    const { signal, wait } = options;
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        clearInterval(evicting);
        signal?.removeEventListener("abort", onAbort);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        grant: () => {
          leave();
          resolve(this.#take(undefined));
        },
      };
      const onAbort = () => {
        leave();
        reject(aborted(signal));
      };
      const timer = setTimeout(() => {
        leave();
        reject(noRoom(this.#limit));
      }, wait);
      signal?.addEventListener("abort", onAbort, { once: true });
      // What was in use or just being opened may be unused soon.
      const evicting = setInterval(() => this.#evictOne(), evictEvery);
      this.#waiters.add(waiter);
      this.#evictOne();
    });
  }

  #grantNext(): void {
    if (!this.#hasRoom) return;
    const [next] = this.#waiters;
    next?.grant();
  }

  /** Unless as many as wait are leaving already. */
  #evictOne(): void {
    let leaving = 0;
    for (const held of this.#held) if (held.evicted) leaving++;
    if (leaving >= this.#waiters.size) return;
    let longest: Held | undefined;
    let since = Number.POSITIVE_INFINITY;
    for (const held of this.#held) {
      const unused = held.evicted ? undefined : held.resident?.unusedSince();
      if (unused === undefined || unused >= since) continue;
      longest = held;
      since = unused;
    }
    if (longest === undefined) return;
    longest.evicted = true;
    longest.resident?.evict();
  }
}

function noRoom(limit: number): NomadError {
  return new NomadError(
    "no-room",
    `all ${limit} connections for exec sessions at Nomad are in use (nomad.connections)`,
  );
}

function aborted(signal: AbortSignal | undefined): NomadError {
  return new NomadError("aborted", "the wait for a connection to Nomad was given up", {
    cause: signal?.reason,
  });
}
