/** A body's place in the budget. Sizes in bytes. */
export interface BodyShare {
  /** Takes room for `size` more bytes. False: there is none yet, `onRoom` is called once it may be tried again. */
  take(size: number): boolean;
  /** The body is read to its end; its bytes stay counted until `release`. */
  complete(): void;
  /** Gives all of the body's room back. Idempotent. */
  release(): void;
}

interface Reading {
  /** Bytes that may still come: known from `Content-Length`, else up to the body limit. */
  expected: number;
  taken: number;
  waiting: boolean;
  readonly onRoom: () => void;
}

/**
 * The memory that request bodies may take together (`server.bodybudget`). Bytes count from their arrival until the request is answered.
 * The oldest body that is being read always finds its room kept free, so that no set of half-read bodies can block one another.
 */
export class BodyBudget {
  readonly #limit: number;
  /** In the order of arrival: the first is the one that room is kept for. */
  readonly #reading = new Set<Reading>();
  #used = 0;
  #complete = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes that are held now. */
  get used(): number {
    return this.#used;
  }

  /** Opens a share for a body of at most `expected` bytes. */
  open(expected: number, onRoom: () => void): BodyShare {
    const body: Reading = { expected, taken: 0, waiting: false, onRoom };
    this.#reading.add(body);
    let completed = false;
    return {
      take: (size) => this.#take(body, size),
      complete: () => {
        if (completed || !this.#reading.delete(body)) return;
        completed = true;
        this.#complete += body.taken;
        this.#wake();
      },
      release: () => {
        this.#reading.delete(body);
        if (completed) this.#complete -= body.taken;
        this.#used -= body.taken;
        body.taken = 0;
        completed = false;
        this.#wake();
      },
    };
  }

  #take(body: Reading, size: number): boolean {
    body.waiting = !this.#hasRoom(body, size);
    if (body.waiting) return false;
    body.taken += size;
    body.expected = Math.max(0, body.expected - size);
    this.#used += size;
    return true;
  }

  #hasRoom(body: Reading, size: number): boolean {
    const [eldest] = this.#reading;
    // Only whole bodies, which end by themselves, can keep the eldest waiting; a body larger than the budget goes alone.
    if (body === eldest || eldest === undefined) {
      return this.#complete === 0 || this.#complete + body.taken + size <= this.#limit;
    }
    return this.#used + size + eldest.expected <= this.#limit;
  }

  #wake(): void {
    for (const body of [...this.#reading]) {
      if (!body.waiting) continue;
      body.waiting = false;
      body.onRoom();
    }
  }
}
