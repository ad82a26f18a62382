import { ConnectionLimiter } from "./connection-limiter.js";
import { shareConnections } from "./connection-shares.js";
import { authorityOf, type Endpoint } from "./endpoint.js";

/**
 * One limiter per Nomad address. At the configured address API calls and the event stream have their part of `connections`; at a
 * node's own address exec sessions have all of it.
 */
export class ConnectionLimiters {
  readonly #server: string;
  readonly #connections: number;
  readonly #limiters = new Map<string, ConnectionLimiter>();

  constructor(options: { readonly server: Endpoint; readonly connections: number }) {
    this.#server = authorityOf(options.server);
    this.#connections = options.connections;
  }

  /** The limiter of `endpoint`; the same one for the same address. */
  at(endpoint: Endpoint): ConnectionLimiter {
    const key = authorityOf(endpoint);
    const known = this.#limiters.get(key);
    if (known !== undefined) return known;
    const limit = key === this.#server ? shareConnections(this.#connections).exec : this.#connections;
    const limiter = new ConnectionLimiter({ limit });
    this.#limiters.set(key, limiter);
    return limiter;
  }

  /** How many are open in all, and how many more the fullest address has room for. */
  sum(): { readonly open: number; readonly room: number } {
    const all = [...this.#limiters.values()];
    const own = shareConnections(this.#connections).exec || Number.POSITIVE_INFINITY;
    return {
      open: all.reduce((sum, { used }) => sum + used, 0),
      room: Math.min(own, ...all.map(({ room }) => room)),
    };
  }

  /** Open connections of exec sessions by address, for diagnosis. */
  usage(): ReadonlyMap<string, number> {
    return new Map([...this.#limiters].map(([address, limiter]) => [address, limiter.used]));
  }
}
