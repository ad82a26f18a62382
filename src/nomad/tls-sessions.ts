import { createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import type { TlsMaterial } from "./tls.js";

/** Peers whose last session is kept. */
const mostPeers = 1_000;

interface Known {
  readonly context: SecureContext;
  readonly sessions: Map<string, Buffer>;
}

/**
 * Lets TLS connections to one peer go on where the last one was, which saves both sides the certificates and their check: every exec session is a
 * connection of its own. Certificates that were read anew begin anew.
 */
export class TlsSessions {
  readonly #known = new WeakMap<TlsMaterial, Known>();

  /** Node's options for the next connection to `peer`. Throws when the material cannot be used. */
  optionsFor(
    material: TlsMaterial,
    peer: string,
  ): { readonly secureContext: SecureContext; readonly session?: Buffer } {
    const { context, sessions } = this.#of(material);
    const session = sessions.get(peer);
    return { secureContext: context, ...(session && { session }) };
  }

  /** Keeps the sessions that the peer offers on a connection that was begun with `optionsFor`. */
  watch(material: TlsMaterial, peer: string, socket: TLSSocket): void {
    const { sessions } = this.#of(material);
    socket.on("session", (session: Buffer) => {
      // Again as the newest.
      sessions.delete(peer);
      sessions.set(peer, session);
      const [oldest] = sessions.keys();
      if (sessions.size > mostPeers && oldest !== undefined) sessions.delete(oldest);
    });
  }

  #of(material: TlsMaterial): Known {
    const known = this.#known.get(material) ?? {
      context: createSecureContext(material),
      sessions: new Map(),
    };
    this.#known.set(material, known);
    return known;
  }
}
