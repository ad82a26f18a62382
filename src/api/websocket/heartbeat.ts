/** How often all connections are looked at, ms. */
const TICK_MS = 5_000;
const PING_MS = 30_000;
const GONE_MS = 60_000;

/** A connection that is asked whether it still lives. */
export interface Pulse {
  ping(): void;
  /** It answered nothing for 60 s. */
  onGone(): void;
  /** True while its answers are not being read, so that silence says nothing. */
  deaf(): boolean;
}

interface Watched {
  pingedAt: number;
  heardAt: number;
}

/** Pings every connection each 30 s by one shared timer, and gives those up that answer none for 60 s (execution.md). */
export class Heartbeat {
  readonly #watched = new Map<Pulse, Watched>();
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  add(pulse: Pulse): void {
    const at = this.#now();
    this.#watched.set(pulse, { pingedAt: at, heardAt: at });
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** A pong came. */
  heard(pulse: Pulse): void {
    const watched = this.#watched.get(pulse);
    if (watched !== undefined) watched.heardAt = this.#now();
  }

  remove(pulse: Pulse): void {
    this.#watched.delete(pulse);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const now = this.#now();
    for (const [pulse, watched] of [...this.#watched]) {
      if (pulse.deaf()) watched.heardAt = now;
      if (now - watched.heardAt >= GONE_MS) {
        this.remove(pulse);
        pulse.onGone();
      } else if (now - watched.pingedAt >= PING_MS) {
        watched.pingedAt = now;
        pulse.ping();
      }
    }
  }
}
