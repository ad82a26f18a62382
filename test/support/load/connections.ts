import { Agent, Client, type Dispatcher } from "undici";

/** Where a server is, and whom it is believed. */
export interface LoadTarget {
  /** With scheme, host and port. */
  readonly origin: string;
  readonly token: string;
  /** Certificates that are trusted, PEM. */
  readonly ca?: readonly string[];
}

/** Every so many requests one takes a new connection. */
const NEW_EVERY = 4;
/** Kept connections that take turns, all of them since 7 and 4 have no common divisor: each is used often enough to hear in an answer that it has to go. */
const KEPT = 7;

/** Requests over kept connections, and over new ones now and then. */
export class Connections {
  readonly #target: LoadTarget;
  readonly #kept: Client[];
  #turn = 0;

  constructor(target: LoadTarget) {
    this.#target = target;
    this.#kept = Array.from({ length: KEPT }, () => new Client(target.origin, this.#options));
  }

  /** The text of the answer; throws unless its status is the expected one. */
  async call(
    method: Dispatcher.HttpMethod,
    path: string,
    { expected, body }: { readonly expected: number; readonly body?: unknown },
  ): Promise<string> {
    this.#turn += 1;
    const kept = this.#turn % NEW_EVERY === 0 ? undefined : this.#kept[this.#turn % KEPT];
    const dispatcher = kept ?? new Agent(this.#options);
    try {
      const answer = await dispatcher.request({
        origin: this.#target.origin,
        method,
        path: `/api/v1${path}`,
        headers: { "Poseidon-Token": this.#target.token },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.body.text();
      if (answer.statusCode !== expected) throw new Error(`${answer.statusCode} ${text}`);
      return text;
    } catch (error) {
      throw new Error(`${method} ${path} over a ${kept ? "kept" : "new"} connection: ${error}`);
    } finally {
      if (kept === undefined) await dispatcher.destroy();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#kept.map((client) => client.destroy()));
  }

  get #options() {
    const { ca } = this.#target;
    const timeouts = { headersTimeout: 60_000, bodyTimeout: 60_000 };
    return { ...timeouts, connect: { timeout: 60_000, ...(ca && { ca: [...ca] }) } };
  }
}
