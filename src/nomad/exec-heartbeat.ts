/** What a heartbeat needs of a session. */
export interface Beating {
  beat(): void;
}

/** Sends `{}` over all open sessions every `interval` ms (nomad.md: 10 s), from one timer that runs only while there are any. */
export class ExecHeartbeat {
  readonly #interval: number;
  readonly #sessions = new Set<Beating>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: { readonly interval: number }) {
    this.#interval = options.interval;
  }

  add(session: Beating): void {
    this.#sessions.add(session);
    this.#timer ??= setInterval(() => {
      for (const each of this.#sessions) each.beat();
    }, this.#interval).unref();
  }

  remove(session: Beating): void {
    this.#sessions.delete(session);
    if (this.#sessions.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
